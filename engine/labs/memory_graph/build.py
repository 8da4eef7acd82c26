"""From settings and data to a retriever: the one place that chooses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from engine.labs.memory_graph.openie import Triple, Triples
from engine.labs.memory_graph.phrases import normalise
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
    return Workshop(materials).retriever(settings)


class Workshop:
    """Builds retrievers of one memory; what several have in common is built once.

    Graphs that differ in their threshold or in the rule of synonyms alone come from one search for
    synonyms: ask for the lowest threshold first.
    """

    def __init__(self, materials: Materials):
        self.materials = materials
        self._graphs: dict[bool, MemoryGraph] = {}

    def retriever(self, settings: Retrieval, graph: MemoryGraph | None = None) -> Retriever:
        """The retriever that ``settings.method`` names, on ``graph`` where one is given."""
        return self._build(settings, settings.method, graph)

    def _build(self, settings: Retrieval, method: str, given: MemoryGraph | None) -> Retriever:
        if method == "mix":
            parts = (settings.mix_first, settings.mix_second)
            first, second = (self._build(settings, part, given) for part in parts)
            return Mix(first, second, settings.mix_weight)
        if method == "bm25":
            return BM25(self.materials.corpus.passages)
        if method == "tfidf":
            return self.tfidf
        if method == "dense":
            return Dense(self._vectors())
        if method == "hipporag":
            return HippoRag(given or self.graph(settings, method), walk_rules(settings))
        if method == "hipporag2":
            graph = given or self.graph(settings, method)
            return HippoRag2(graph, *self._likeness(graph), rules=second_rules(settings))
        raise BadInput("method", f"there is no method {method[:40]!r}")

    @cached_property
    def triples(self) -> Triples:
        """Those that were given, else those of the passages' own names."""
        return self.materials.triples or extract_all(self.materials.corpus.passages)

    @cached_property
    def tfidf(self) -> Tfidf:
        """The index of words."""
        return Tfidf(self.materials.corpus.passages)

    def graph(self, settings: Retrieval, method: str | None = None) -> MemoryGraph:
        """The graph for one of the two methods that walk; the settings may give both the same."""
        rules = graph_rules(settings)
        by_vectors = self._by_vectors(settings, method or settings.method)
        kept = self._graphs.get(by_vectors)
        if kept is not None and kept.holds(rules):
            return kept.under(rules)
        built = build_graph(self.triples, rules, self._meaning if by_vectors else None)
        self._graphs[by_vectors] = built
        return built

    def graph_without(self, settings: Retrieval, facts: Collection[int]) -> MemoryGraph:
        """The graph had the extractor not found some ``facts``, positions in ``graph(settings)``.

        A phrase that stands in none of the others is gone with them. Raises BadInput("facts").
        """
        whole = self.graph(settings)
        for fact in facts:
            if not 0 <= fact < len(whole.facts):
                raise BadInput("facts", f"there is no fact {fact}; there are {len(whole.facts)}")
        gone = {whole.facts[fact] for fact in facts}
        fewer = [
            [row for row in rows if Triple(*map(normalise, row)) not in gone]
            for rows in self.triples
        ]
        by_vectors = self._by_vectors(settings, settings.method)
        alike = self._meaning if by_vectors else None
        return build_graph(fewer, whole.rules, alike, before=whole)

    def _by_vectors(self, settings: Retrieval, method: str) -> bool:
        """Whether synonyms are told by vectors, else by spelling."""
        vectors, by = self.materials.vectors, settings.alike_by
        if by == "vectors" or (by == "auto" and method == "hipporag2"):
            # Stored vectors belong to the phrases of the given triples and to no others.
            if vectors and vectors.entities is not None and self.materials.triples:
                return True
            if by == "vectors":
                raise BadInput("alike_by", "vectors of the entities of the triples are needed")
        return False

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


def graph_rules(settings: Retrieval) -> GraphRules:
    """The graph's share of the settings."""
    return GraphRules(threshold=settings.threshold, synonyms=settings.synonyms)


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
