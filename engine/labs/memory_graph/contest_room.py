"""A room of the contest: one conversation, everybody who remembers it, and who is asked what.

Every conversation is a memory of its own, for the retrievers as for the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.core.errors import BadInput
from engine.labs.memory_graph import metrics
from engine.labs.memory_graph.build import Materials, build_retriever
from engine.labs.memory_graph.config import ContestConfig
from engine.labs.memory_graph.corpus import as_corpus
from engine.labs.memory_graph.living import contestants as living
from engine.labs.memory_graph.living.contestants import Contestant
from engine.labs.memory_graph.living.event_buffers import CONTIGUITY_SHARE
from engine.labs.memory_graph.living.forgetting import FORMULAS
from engine.labs.memory_graph.living.talk import Talk, talks
from engine.labs.memory_graph.loading import Loaded
from engine.labs.memory_graph.observations import Observation
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.vectors import Vectors

# Vectors of words are dense: more notes in one conversation do not fit beside each other.
MOST_NOTES = 3_000
RETRIEVERS = ("bm25", "tfidf", "dense", "hipporag", "hipporag2", "mix")


@dataclass(frozen=True, eq=False)
class Room:
    """One conversation, what belongs to it, and the questions about it."""

    talk: Talk
    materials: Materials
    asked: tuple[int, ...]
    observations: tuple[Observation, ...]

    def recall(self, contestant: Contestant, question: Question, k: int) -> float:
        """Percent of the question's gold among the first ``k``."""
        places = self.talk.places[np.array(contestant.ask(question, k), np.int64)]
        return metrics.recall(metrics.gold_ranks(places, question.gold), k)

    def last_day(self) -> date | None:
        """The day of the last note, where all have one."""
        return max(self.talk.days) if self.talk.days else None

    def contestants(self, config: ContestConfig) -> Iterator[tuple[str, Contestant]]:
        """One after the other, so that the vectors of one are gone when the next begins."""
        talk = self.talk
        for name in RETRIEVERS:
            if name != "dense" or self.materials.vectors is not None:
                yield name, self._retriever(config, name)
        memory = living.stored(talk, self.materials.triples)
        try:
            yield "memory", memory
        finally:
            memory.close()
        yield "amem", living.of_notes(living.described(talk, evolve=False))
        evolved = living.described(talk, evolve=True)
        yield "amem-evolved", living.of_notes(evolved)
        yield "amem-links", living.of_notes(evolved, linked=True)
        if self.observations:
            here = {int(place): i for i, place in enumerate(talk.places)}
            sources = [[here[p] for p in one.evidence] for one in self.observations]
            texts = [one.text for one in self.observations]
            yield "observations", living.of_observations(texts, sources)
        for formula in (None, *FORMULAS):
            bank = living.memory_bank(talk, config, formula)
            if bank is not None:
                yield "bank" if formula is None else f"bank-{formula}", bank
        for which, probes in (("all", config.buckets), ("n", config.probes), ("1", 1)):
            yield f"buckets-{which}", living.thought_buckets(talk, config, probes)
        yield "events", living.events(talk, config, 0.0)
        yield "events-near", living.events(talk, config, CONTIGUITY_SHARE)

    def _retriever(self, config: ContestConfig, method: str) -> Contestant:
        retriever = build_retriever(config.model_copy(update={"method": method}), self.materials)
        return Contestant(lambda question, k: retriever.rank(question, k).passages.tolist())


def rooms_of(given: Loaded, notes: Sequence[Observation]) -> list[Room]:
    """A room for each conversation that is asked about, or one where the questions name none."""
    passages, questions = given.corpus.passages, given.questions
    parts = talks(passages)
    if not all(question.scope in parts for question in questions):
        parts = {"": Talk(tuple(passages), np.arange(len(passages)))}
    found = []
    for scope, talk in parts.items():
        alone = len(parts) == 1
        asked = [i for i, q in enumerate(questions) if alone or q.scope == scope]
        if not asked:
            continue
        if len(talk.passages) > MOST_NOTES:
            many = f"{len(talk.passages):,} notes in one conversation"
            raise BadInput("corpus", f"at most {MOST_NOTES:,} are compared (got {many})")
        own = tuple(note for note in notes if alone or note.scope == scope)
        materials = given.materials if alone else _part(given.materials, talk)
        found.append(Room(talk, materials, tuple(asked), own))
    return found


def _part(materials: Materials, talk: Talk) -> Materials:
    """The share of one conversation; vectors of entities and facts belong to all triples."""
    triples, vectors = materials.triples, materials.vectors
    return Materials(
        as_corpus(list(talk.passages)),
        None if triples is None else [triples[i] for i in talk.places],
        None if vectors is None else Vectors(vectors.passages[talk.places], vectors.questions),
    )
