"""Why a memory gave a passage: the parts of its score in words, the largest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.labs.memory_graph.explain import explain
from engine.labs.memory_graph.graph import MemoryGraph
from engine.labs.memory_graph.memory_read import Snapshot
from engine.labs.memory_graph.openie import Triple
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.seeds import Seed
from engine.labs.memory_graph.trace import Trace


class Part(NamedTuple):
    """What one thing adds to a score."""

    name: str
    share: float


class TriplePart(NamedTuple):
    """What one fact adds to a score."""

    triple: Triple
    share: float


@dataclass(frozen=True)
class Why:
    """The walk's score of one note, three times taken apart.

    ``seeds`` and ``nodes`` each add up to ``score``; ``triples`` and ``direct``, which is mass that
    came over no fact, do so together. All empty and 0 where the question means nothing here.
    """

    note: int
    question: str
    score: float
    seeds: tuple[Part, ...] = ()
    triples: tuple[TriplePart, ...] = ()
    nodes: tuple[Part, ...] = ()
    direct: float = 0.0


def why(snapshot: Snapshot, position: int, text: str, method: str) -> Why:
    """The parts of the score of the passage at ``position``; raises BadInput("method")."""
    walker = snapshot.walker(method)
    trace = walker.trace(Question(text))
    note = int(snapshot.ids[position])
    if not (trace.links or trace.facts):
        return Why(note, text, 0.0)
    parts = explain(walker.graph, trace, position)
    names = _Names(snapshot, walker.graph, trace)
    order = np.argsort(-parts.by_seed, kind="stable").tolist()
    return Why(
        note=note,
        question=text,
        score=parts.mass,
        seeds=tuple(Part(names.seed(trace.seeds[i]), float(parts.by_seed[i])) for i in order),
        triples=tuple(
            TriplePart(walker.graph.facts[fact], share)
            for fact, share in zip(parts.facts.tolist(), parts.by_fact.tolist(), strict=True)
        ),
        nodes=tuple(
            Part(names.node(node), share)
            for node, share in zip(parts.nodes.tolist(), parts.by_node.tolist(), strict=True)
        ),
        direct=parts.direct_facts,
    )


class _Names:
    """What people call seeds and nodes."""

    def __init__(self, snapshot: Snapshot, graph: MemoryGraph, trace: Trace):
        self.snapshot, self.graph, self.trace = snapshot, graph, trace

    def node(self, node: int) -> str:
        """A phrase, or the note that a node is."""
        phrases = self.graph.phrases
        return phrases[node] if node < len(phrases) else self._note(node - len(phrases))

    def seed(self, seed: Seed) -> str:
        """The name in the question, the linked fact, or the note that is similar."""
        if seed.kind == "entity":
            return self.trace.links[seed.origin].entity
        if seed.kind == "fact":
            return " ".join(self.graph.facts[seed.origin])
        return self.node(seed.node)

    def _note(self, position: int) -> str:
        return f"note {int(self.snapshot.ids[position])}"
