"""Probing questions: is the answer still found on a day, with what is left of the memory?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.core.errors import BadInput
from engine.core.seeds import rng
from engine.labs.memory_graph.closeness import Closeness
from engine.labs.memory_graph.config.forgetting import ForgettingConfig
from engine.labs.memory_graph.living.checks import top
from engine.labs.memory_graph.questions import Question


@dataclass(frozen=True, eq=False)
class Probe:
    """A question, its cosine with every memory, and the memories that answer it.

    ``order``: memories with a cosine above zero, the closest first; ``at``: where in it those
    ``wanted`` stand that are there at all. ``known``: the day on which the last of them was
    written. ``made``: a visitor's own question, whose wanted are what it found unforgotten.
    """

    question: Question
    scores: np.ndarray
    wanted: tuple[int, ...]
    order: np.ndarray
    at: tuple[int, ...]
    known: int
    made: bool = False

    def found(self, there: np.ndarray, k: int, evidence: Literal["any", "all"]) -> np.ndarray:
        """Is the answer among the top ``k`` of what is there? ``there``: bool (state, memory)."""
        if not self.at or (evidence == "all" and len(self.at) < len(self.wanted)):
            return np.zeros(len(there), dtype=bool)
        hits = []
        for place in self.at:
            alive = there[:, self.order[place]]
            if alive.any():
                before = there[:, self.order[:place]].sum(axis=1)
                alive = alive & (before < k)
            hits.append(alive)
        return np.any(hits, axis=0) if evidence == "any" else np.all(hits, axis=0)


def build_probes(
    config: ForgettingConfig, closeness: Closeness, questions: Sequence[Question]
) -> tuple[list[Probe], int]:
    """The visitor's question, then those with dated gold (a seeded part of many, in their order).

    The second value is how many questions could have been chosen. Raises BadInput("ask") for a
    question that finds nothing even while nothing is forgotten.
    """
    memories = closeness.memories
    usable = [(question, memories.of(question.gold)) for question in questions]
    usable = [(question, gold) for question, gold in usable if gold]
    chosen = list(range(len(usable)))
    if len(usable) > config.probes:
        drawn = rng(config.seed, "probes").permutation(len(usable))[: config.probes]
        chosen = sorted(int(i) for i in drawn)
    probes = [_probe(closeness, *usable[i]) for i in chosen]
    if config.ask.strip():
        probes.insert(0, _own(config, closeness))
    return probes, len(usable)


def _own(config: ForgettingConfig, closeness: Closeness) -> Probe:
    question = Question(config.ask.strip())
    scores = closeness.of_question(question)
    best = [int(i) for i in top(scores, config.found_k) if scores[i] > 0]
    if not best:
        raise BadInput("ask", "shares no word with any dated passage, so that it finds nothing")
    return _probe(closeness, question, best, made=True)


def _probe(
    closeness: Closeness, question: Question, wanted: list[int], made: bool = False
) -> Probe:
    scores = closeness.of_question(question)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > 0]
    place = {int(memory): i for i, memory in enumerate(order)}
    at = tuple(sorted(place[memory] for memory in wanted if memory in place))
    known = int(closeness.memories.born[wanted].max())
    return Probe(question, scores, tuple(wanted), order, at, known, made)
