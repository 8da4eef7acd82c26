"""From settings and data to a retriever: the one place that chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.core.errors import BadInput
from engine.labs.memory_graph.bm25 import BM25
from engine.labs.memory_graph.config import Retrieval
from engine.labs.memory_graph.corpus import Corpus
from engine.labs.memory_graph.dense import NO_VECTORS, Dense, question_vector
from engine.labs.memory_graph.extract import extract_all
from engine.labs.memory_graph.graph import GraphRules, MemoryGraph, build_graph
from engine.labs.memory_graph.hipporag import HippoRag, WalkRules
from engine.labs.memory_graph.hipporag2 import HippoRag2, Likeness, Rules2
from engine.labs.memory_graph.link import Meaning, Pairs
from engine.labs.memory_graph.mix import Mix
from engine.labs.memory_graph.openie import Triples
from engine.labs.memory_graph.retrievers import Retriever
from engine.labs.memory_graph.tfidf import Tfidf, WordIndex
from engine.labs.memory_graph.vectors import Vectors, fact_vectors, node_vectors


@dataclass(frozen=True)
class Materials:
    """What a retriever is built from; without ``triples`` the passages' own names make a graph."""

    corpus: Corpus
    triples: Triples | None = None
    vectors: Vectors | None = None


def build_retriever(settings: Retrieval, materials: Materials) -> Retriever:
    """The retriever that ``settings.method`` names; raises BadInput("vectors") where it needs some.

    >>> build_retriever(Retrieval(method="bm25"), Materials(corpus))    # doctest: +SKIP
    """
    return _Builder(settings, materials).build(settings.method)


class _Builder:
    """Builds what a method needs; a mixture shares the parts."""

    def __init__(self, settings: Retrieval, materials: Materials):
        self.settings = settings
        self.materials = materials

    def build(self, method: str) -> Retriever:
        settings = self.settings
        if method == "mix":
            first, second = self.build(settings.mix_first), self.build(settings.mix_second)
            return Mix(first, second, settings.mix_weight)
        if method == "bm25":
            return BM25(self.materials.corpus.passages)
        if method == "tfidf":
            return self.tfidf
        if method == "dense":
            return Dense(self._vectors())
        if method == "hipporag":
            return HippoRag(self.graph(method), walk_rules(settings))
        if method == "hipporag2":
            graph = self.graph(method)
            return HippoRag2(graph, *self._likeness(graph), rules=second_rules(settings))
        raise BadInput("method", f"there is no method {method[:40]!r}")

    @cached_property
    def triples(self) -> Triples:
        return self.materials.triples or extract_all(self.materials.corpus.passages)

    @cached_property
    def tfidf(self) -> Tfidf:
        return Tfidf(self.materials.corpus.passages)

    def graph(self, method: str) -> MemoryGraph:
        """The graph for one of the two methods; the settings may give both the same."""
        settings, vectors = self.settings, self.materials.vectors
        rules = GraphRules(threshold=settings.threshold, synonyms=settings.synonyms)
        by = settings.alike_by
        if by == "vectors" or (by == "auto" and method == "hipporag2"):
            # Stored vectors belong to the phrases of the given triples and to no others.
            if vectors and vectors.entities is not None and self.materials.triples:
                return build_graph(self.triples, rules, self._meaning)
            if by == "vectors":
                raise BadInput("alike_by", "vectors of the entities of the triples are needed")
        return build_graph(self.triples, rules)

    def _meaning(self, phrases: Sequence[str]) -> Pairs:
        return Meaning(node_vectors(self._vectors(), self.triples, phrases))

    def _likeness(self, graph: MemoryGraph) -> tuple[Likeness, Likeness]:
        """How alike a question is to each fact and to each passage: by vectors, else by words."""
        vectors = self.materials.vectors
        passages: Likeness = self.tfidf.scores if vectors is None else Dense(vectors).scores
        if vectors is not None and vectors.facts is not None and self.materials.triples:
            rows = fact_vectors(vectors, self.triples, graph)
            return lambda question: rows @ question_vector(vectors, question), passages
        words = WordIndex([" ".join(fact) for fact in graph.facts])
        return lambda question: words.similarities(question.text), passages

    def _vectors(self) -> Vectors:
        if self.materials.vectors is None:
            raise BadInput("vectors", NO_VECTORS)
        return self.materials.vectors


def walk_rules(settings: Retrieval) -> WalkRules:
    """HippoRAG's share of the settings."""
    return WalkRules(
        damping=settings.damping,
        specificity=settings.specificity,
        passage_score=settings.passage_score,
        spread=settings.spread,
        entities=settings.entities,
        least_similarity=settings.least_similarity,
    )


def second_rules(settings: Retrieval) -> Rules2:
    """HippoRAG 2's share of the settings."""
    return Rules2(
        damping=settings.damping,
        facts=settings.facts,
        passage_weight=settings.passage_weight,
        entity_weight=settings.entity_weight,
        entities=settings.entities,
        least_similarity=settings.least_similarity,
    )
