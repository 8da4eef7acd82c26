"""HippoRAG 2: facts near the question seed a walk that may also step onto passages.

Source: "From RAG to Memory" (arXiv 2502.14802) and its code, branch main. Their language model
filters the linked facts ("recognition memory"); without a ``keep`` all of them stay, which their
ablation puts at 0.7 points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.graph import MemoryGraph
from engine.labs.memory_graph.hipporag import LEAST_SIMILARITY, Entities, link_question
from engine.labs.memory_graph.link import Link
from engine.labs.memory_graph.pagerank import Walk
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.retrievers import Ranker, min_max
from engine.labs.memory_graph.seeds import Seed, Seeds
from engine.labs.memory_graph.trace import Trace


@dataclass(frozen=True)
class Rules2:
    """Settings of the authors, and one of our own.

    ``facts``: how many linked facts are kept; ``phrases``: how many of their ends become seeds.
    ``passage_weight``: what a passage's similarity, from 0 to 1, seeds beside them.
    ``entity_weight``: a node that the question names seeds this over ndoc; 0 as published. Their
    ablation links names or facts; both together find more.
    """

    damping: float = 0.5
    facts: int = 5
    phrases: int = 5
    passage_weight: float = 0.05
    entity_weight: float = 2.0
    entities: Entities = "names"
    least_similarity: float = LEAST_SIMILARITY


class Likeness(Protocol):
    """Similarity of a question to every row of something."""

    def __call__(self, question: Question) -> np.ndarray:
        """(rows,)."""


class Keep(Protocol):
    """Which of a few linked facts serve a question."""

    def __call__(self, question: str, facts: Sequence[Sequence[str]]) -> list[int] | None:
        """Their positions; None where that cannot be told, and all stay."""


class HippoRag2(Ranker):
    """Ranks by the PageRank mass of passage nodes; nodes are phrases, then passages."""

    name = "hipporag2"

    def __init__(
        self,
        graph: MemoryGraph,
        fact_likeness: Likeness,
        passage_likeness: Likeness,
        rules: Rules2 = Rules2(),
        keep: Keep | None = None,
    ):
        self.graph = graph
        self.rules = rules
        self.fact_likeness = fact_likeness
        self.passage_likeness = passage_likeness
        self.keep = keep
        adjacency = with_passages(graph)
        self.walk = Walk.on(adjacency)
        self.nodes = adjacency.shape[0]
        self.edges = adjacency.nnz // 2
        phrases, passages = len(graph.phrases), graph.d2f.shape[0]
        own = np.arange(passages)
        self.readout = sparse.csr_array(
            (np.ones(passages), (own, phrases + own)), shape=(passages, self.nodes)
        )

    def linked_facts(self, question: Question) -> dict[int, float]:
        """The facts nearest to the question and their scores from 0 to 1, the best first.

        None where all are equally near, or where none serves the question.
        """
        if not self.graph.facts:
            return {}
        likeness = self.fact_likeness(question)
        if likeness.min() == likeness.max():
            return {}
        scores = min_max(likeness)
        best = np.argsort(-scores, kind="stable")[: self.rules.facts]
        if self.keep is not None:
            kept = self.keep(question.text, [self.graph.facts[fact] for fact in best])
            best = best if kept is None else best[kept]
        return {int(fact): float(scores[fact]) for fact in best}

    def trace(self, question: Question) -> Trace:
        """The walk of one question."""
        facts = self.linked_facts(question)
        seeds = self._fact_seeds(facts)
        links: tuple[Link, ...] = ()
        if self.rules.entity_weight:
            links = link_question(
                self.graph, question, self.rules.entities, self.rules.least_similarity
            )
            for i, link in enumerate(links):
                weight = self.rules.entity_weight / self.graph.ndoc[link.node]
                seeds.append(Seed("entity", i, link.node, weight))
        first = len(self.graph.phrases)
        similar = min_max(self.passage_likeness(question).astype(np.float64))
        every = Seeds.of(seeds) + Seeds.passages(first, self.rules.passage_weight * similar)
        reset = every.normalised()
        return Trace(self.walk, reset, self.rules.damping, self.readout, links, facts)

    def scores(self, question: Question) -> np.ndarray:
        """Mass of every passage node (passages,).

        Where the question reaches no fact and no name, plain similarity, as published.
        """
        return self.read(self.trace(question), question)

    def read(self, trace: Trace, question: Question) -> np.ndarray:
        """The scores of a question's trace, which may have a damping of its own (passages,)."""
        return trace.scores if trace.facts or trace.links else self.passage_likeness(question)

    def _fact_seeds(self, facts: dict[int, float]) -> list[Seed]:
        """Each end of a fact: score / ndoc, averaged over its facts; the best few ends."""
        ends: dict[int, list[Seed]] = {}
        for fact, score in facts.items():
            for node in self.graph.f2e[[fact]].indices.tolist():
                weight = score / self.graph.ndoc[node]
                ends.setdefault(node, []).append(Seed("fact", fact, node, weight))
        means = {
            node: [seed._replace(share=seed.share / len(own)) for seed in own]
            for node, own in ends.items()
        }
        best = sorted(means.values(), key=lambda own: -sum(seed.share for seed in own))
        return [seed for own in best[: self.rules.phrases] for seed in own]


def with_passages(graph: MemoryGraph) -> sparse.csr_array:
    """Symmetric weights over phrases and passages: each passage is tied to its phrases.

    The authors' table holds a fact in both directions and a passage's edge in one, so that in the
    undirected graph the latter counts half: 0.5 on the scale of ``MemoryGraph.adjacency``.
    """
    there = graph.d2e.copy()
    there.data = np.full_like(there.data, 0.5)
    return sparse.csr_array(sparse.block_array([[graph.adjacency, there.T], [there, None]]))
