"""HippoRAG: names of the question seed a walk on the graph of facts (arXiv 2405.14831).

Where the paper and the authors' code (branch legacy) differ, ``WalkRules`` and ``GraphRules`` hold
a switch; the defaults are what their main experiment ran, but for ``least_similarity``: a name
that nothing in the graph resembles seeds nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.extract import content_runs, longest_phrases, query_entities
from engine.labs.memory_graph.graph import MemoryGraph
from engine.labs.memory_graph.link import Link, link
from engine.labs.memory_graph.pagerank import Walk
from engine.labs.memory_graph.phrases import normalise
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.retrievers import Ranker
from engine.labs.memory_graph.seeds import Seed, Seeds
from engine.labs.memory_graph.trace import Trace

Spread = Literal["walk", "seeds", "neighbours"]
PassageScore = Literal["facts", "nodes"]
Entities = Literal["names", "given"]
LEAST_SIMILARITY = 0.5
NO_ENTITY = "the question names nothing that the graph knows: every passage scores the same"


@dataclass(frozen=True)
class WalkRules:
    """How a question spreads.

    ``damping``: 0.5 is what the authors' main script passes, 0.1 what their class defaults to.
    ``specificity``: a seed weighs 1 / ndoc instead of 1.
    ``passage_score``: "facts" adds a node's mass once for each fact of the passage that it is in,
    as the authors' code does; "nodes" once for the passage.
    ``spread``: "seeds" and "neighbours" are the paper's ablations without a walk (table 5).
    ``entities``: "given" takes the names that came with a question, where some came.
    ``least_similarity``: a name that no node is that much like seeds nothing; 0 links every name
    to its nearest node, as published.
    """

    damping: float = 0.5
    specificity: bool = True
    passage_score: PassageScore = "facts"
    spread: Spread = "walk"
    entities: Entities = "names"
    least_similarity: float = LEAST_SIMILARITY


class HippoRag(Ranker):
    """Ranks by the PageRank mass of a passage's facts."""

    name = "hipporag"
    nothing = NO_ENTITY

    def __init__(self, graph: MemoryGraph, rules: WalkRules = WalkRules()):
        self.graph = graph
        self.rules = rules
        self.walk = Walk.on(graph.adjacency)
        self.nodes = len(graph.phrases)
        self.edges = graph.edges

    @cached_property
    def readout(self) -> sparse.csr_array:
        """passages x nodes: what a node's mass counts for a passage."""
        counts = self.graph.d2e
        if self.rules.passage_score == "facts":
            return counts
        return sparse.csr_array(
            (np.ones(counts.nnz), counts.indices, counts.indptr), shape=counts.shape
        )

    def links(self, question: Question) -> tuple[Link, ...]:
        """The names of the question and the nodes that they were taken for."""
        rules = self.rules
        return link_question(self.graph, question, rules.entities, rules.least_similarity)

    def trace(self, question: Question) -> Trace:
        """The walk of one question."""
        links, rules = self.links(question), self.rules
        seeds = [
            Seed("entity", i, link.node, 1 / self.graph.ndoc[link.node] if rules.specificity else 1)
            for i, link in enumerate(links)
        ]
        if rules.spread == "neighbours":
            seeds += half_to_neighbours(seeds, self.graph.adjacency)
        damping = rules.damping if rules.spread == "walk" else 0.0
        return Trace(self.walk, Seeds.of(seeds).normalised(), damping, self.readout, links)

    def scores(self, question: Question) -> np.ndarray:
        """Mass of every passage's facts (passages,); all equal where nothing was linked."""
        return self.read(self.trace(question), question)

    def read(self, trace: Trace, question: Question) -> np.ndarray:
        """The scores of a question's trace, which may have a damping of its own (passages,)."""
        return trace.scores


def link_question(
    graph: MemoryGraph, question: Question, entities: Entities, least: float
) -> tuple[Link, ...]:
    """The nodes that the names of a question mean, each once.

    Where no name means anything, the longest phrases of the question that are nodes themselves;
    where there are none, the nodes that its runs of content words are spelt most alike.
    """
    names = question.entities if entities == "given" else None
    found: dict[int, Link] = {}
    for name in names or query_entities(question.text):
        linked = link(name, normalise(name), graph.places, graph.linker, least)
        if linked:
            found.setdefault(linked.node, linked)
    if not found:
        for phrase in longest_phrases(normalise(question.text).split(), graph.places):
            found[graph.places[phrase]] = Link(phrase, graph.places[phrase], 1.0)
    if not found:
        for phrase in content_runs(question.text):
            linked = link(phrase, phrase, graph.places, graph.linker, least)
            if linked:
                found.setdefault(linked.node, linked)
    return tuple(found.values())


def half_to_neighbours(seeds: list[Seed], adjacency: sparse.csr_array) -> list[Seed]:
    """Each neighbour of the seeds gets half of the smallest seed weight (paper, table 5)."""
    if not seeds:
        return []
    own = [seed.node for seed in seeds]
    near = np.setdiff1d(adjacency[own].indices, own)
    half = min(seed.share for seed in seeds) / 2
    return [Seed("neighbour", int(node), int(node), half) for node in near]
