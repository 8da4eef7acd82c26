"""HippoRAG 2: facts near the question seed a walk that may also step onto passages.

Source: "From RAG to Memory" (arXiv 2502.14802) and its code, branch main. Their language model
filters the linked facts; here all of them are kept, which their ablation puts at 0.7 points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.graph import MemoryGraph
from engine.labs.memory_graph.hipporag import LEAST_SIMILARITY, Entities, link_question
from engine.labs.memory_graph.link import Link
from engine.labs.memory_graph.pagerank import Walk, distribution
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.retrievers import Ranker, min_max
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


class HippoRag2(Ranker):
    """Ranks by the PageRank mass of passage nodes; nodes are phrases, then passages."""

    name = "hipporag2"

    def __init__(
        self,
        graph: MemoryGraph,
        fact_likeness: Likeness,
        passage_likeness: Likeness,
        rules: Rules2 = Rules2(),
    ):
        self.graph = graph
        self.rules = rules
        self.fact_likeness = fact_likeness
        self.passage_likeness = passage_likeness
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
        """The facts nearest to the question and their scores from 0 to 1, the best first."""
        if not self.graph.facts:
            return {}
        scores = min_max(self.fact_likeness(question))
        best = np.argsort(-scores, kind="stable")[: self.rules.facts]
        return {int(fact): float(scores[fact]) for fact in best}

    def trace(self, question: Question) -> Trace:
        """The walk of one question."""
        facts = self.linked_facts(question)
        links: tuple[Link, ...] = ()
        weights = np.zeros(self.nodes)
        weights[: len(self.graph.phrases)] = self._fact_seeds(facts)
        if self.rules.entity_weight:
            links = link_question(
                self.graph, question, self.rules.entities, self.rules.least_similarity
            )
            for found in links:
                weights[found.node] += self.rules.entity_weight / self.graph.ndoc[found.node]
        similar = min_max(self.passage_likeness(question).astype(np.float64))
        weights[len(self.graph.phrases) :] = self.rules.passage_weight * similar
        return Trace(
            self.walk, distribution(weights), self.rules.damping, self.readout, links, facts
        )

    def scores(self, question: Question) -> np.ndarray:
        """Mass of every passage node (passages,)."""
        return self.trace(question).scores()

    def _fact_seeds(self, facts: dict[int, float]) -> np.ndarray:
        """Each end of a fact: score / ndoc, averaged over its facts; the best few (phrases,)."""
        totals = np.zeros(len(self.graph.phrases))
        mentions = np.zeros(len(self.graph.phrases))
        for fact, score in facts.items():
            ends = self.graph.f2e[[fact]].indices
            totals[ends] += score / self.graph.ndoc[ends]
            mentions[ends] += 1
        means = totals / np.maximum(mentions, 1)
        kept = np.argsort(-means, kind="stable")[: self.rules.phrases]
        seeds = np.zeros_like(means)
        seeds[kept] = means[kept]
        return seeds


def with_passages(graph: MemoryGraph) -> sparse.csr_array:
    """Symmetric weights over phrases and passages: each passage is tied to its phrases.

    The authors' table holds a fact in both directions and a passage's edge in one, so that in the
    undirected graph the latter counts half: 0.5 on the scale of ``MemoryGraph.adjacency``.
    """
    there = graph.d2e.copy()
    there.data = np.full_like(there.data, 0.5)
    return sparse.csr_array(sparse.block_array([[graph.adjacency, there.T], [there, None]]))
