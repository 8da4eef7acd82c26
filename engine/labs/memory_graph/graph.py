"""HippoRAG's graph: phrases as nodes, facts as edges, passages as sets of facts.

Symbols: D2F (passages x facts) and F2E (facts x nodes) are 0/1; D2E = D2F F2E counts the facts of a
passage in which a node stands; ndoc(e) is the number of passages in which e stands.

Source: HippoRAG (arXiv 2405.14831) section 2.2, and its code, branch legacy, where they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.link import Linker, Pairs, Spelling
from engine.labs.memory_graph.openie import Triple, Triples
from engine.labs.memory_graph.phrases import normalise

SynonymRule = Literal["overwrite", "add", "none"]
# A phrase of one or two letters is no synonym of anything (HippoRAG's code).
LEAST_LETTERS = 3


@dataclass(frozen=True)
class GraphRules:
    """How edges are made.

    ``synonyms``: "overwrite" lets a synonym's cosine replace the weight that facts gave the same
    pair, as the authors' code does; "add" adds it, as the paper's set of edges reads; "none" leaves
    synonyms out. At most ``synonym_limit`` synonyms a node.
    """

    threshold: float = 0.8
    synonym_limit: int = 100
    synonyms: SynonymRule = "overwrite"


@dataclass(frozen=True, eq=False)
class MemoryGraph:
    """The matrices; all weights float64, all matrices CSR."""

    phrases: tuple[str, ...]
    facts: tuple[Triple, ...]
    d2f: sparse.csr_array
    f2e: sparse.csr_array
    fact_edges: sparse.csr_array
    """nodes x nodes: how often a triple joins the two, in either direction; no diagonal."""
    synonyms: sparse.csr_array
    """nodes x nodes: cosine of row's synonyms; a row lists its own nearest."""
    linker: Linker
    rules: GraphRules

    @cached_property
    def places(self) -> dict[str, int]:
        """The node of each phrase."""
        return {phrase: i for i, phrase in enumerate(self.phrases)}

    @cached_property
    def d2e(self) -> sparse.csr_array:
        """passages x nodes: in how many facts of the passage the node stands."""
        return sparse.csr_array(self.d2f @ self.f2e)

    @cached_property
    def ndoc(self) -> np.ndarray:
        """In how many passages each node stands (nodes,)."""
        return np.bincount(self.d2e.indices, minlength=len(self.phrases)).astype(np.float64)

    @cached_property
    def adjacency(self) -> sparse.csr_array:
        """nodes x nodes, symmetric: what the walk follows."""
        return combine(self.fact_edges, self.synonyms, self.rules.synonyms)

    @property
    def edges(self) -> int:
        """Pairs of nodes that are joined."""
        return self.adjacency.nnz // 2

    def holds(self, rules: GraphRules) -> bool:
        """Whether all synonyms that ``rules`` ask for are among those found."""
        mine = self.rules
        searched = mine.synonyms != "none" and mine.synonym_limit == rules.synonym_limit
        return rules.synonyms == "none" or (searched and mine.threshold <= rules.threshold)

    def under(self, rules: GraphRules) -> MemoryGraph:
        """The same facts under ``rules`` that it ``holds``: synonyms below the threshold go.

        A node's nearest above a higher threshold are the first of its nearest above a lower one, so
        this is what ``build_graph`` makes.
        """
        if rules == self.rules:
            return self
        kept = self.synonyms.copy()
        least = np.inf if rules.synonyms == "none" else rules.threshold
        kept.data[kept.data < least] = 0
        kept.eliminate_zeros()
        return replace(self, synonyms=kept, rules=rules)


def build_graph(
    triples: Triples,
    rules: GraphRules = GraphRules(),
    alike: Callable[[Sequence[str]], Pairs] | None = None,
    before: MemoryGraph | None = None,
) -> MemoryGraph:
    """The graph of the triples of each passage; an empty phrase makes no node and no fact.

    Names are linked by spelling; so are synonyms found unless ``alike`` makes, of the sorted
    phrases, something else that knows which of them are alike. A graph ``before`` of other facts,
    same rules and ``alike``, saves the search for synonyms where the phrases are the same.
    """
    facts: dict[Triple, int] = {}
    d2f_rows: list[int] = []
    d2f_columns: list[int] = []
    occurrences: list[int] = []
    for passage, rows in enumerate(triples):
        own: dict[int, None] = {}
        for row in rows:
            fact = Triple(*map(normalise, row))
            if fact.subject and fact.object:
                place = facts.setdefault(fact, len(facts))
                occurrences.append(place)
                own[place] = None
        d2f_columns += own
        d2f_rows += [passage] * len(own)
    phrases = tuple(sorted({end for fact in facts for end in (fact.subject, fact.object)}))
    places = {phrase: i for i, phrase in enumerate(phrases)}
    heads = np.array([places[fact.subject] for fact in facts], np.int64)
    tails = np.array([places[fact.object] for fact in facts], np.int64)
    d2f = _ones(d2f_rows, d2f_columns, (len(triples), len(facts)))
    counts = np.bincount(np.array(occurrences, np.int64), minlength=len(facts)).astype(np.float64)
    f2e, fact_edges = join_facts(heads, tails, counts, len(phrases))
    if before is not None and before.phrases == phrases:
        linker, synonyms = before.linker, before.synonyms
    else:
        linker = spelling = Spelling(phrases)
        synonyms = find_synonyms(phrases, alike(phrases) if alike else spelling, rules)
    return MemoryGraph(
        phrases=phrases,
        facts=tuple(facts),
        d2f=d2f,
        f2e=f2e,
        fact_edges=fact_edges,
        synonyms=synonyms,
        linker=linker,
        rules=rules,
    )


def join_facts(
    heads: np.ndarray, tails: np.ndarray, counts: np.ndarray, nodes: int
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """F2E and the fact edges of facts from node ``heads`` to ``tails``, found ``counts`` times."""
    which = np.arange(len(heads))
    loops = heads == tails
    f2e = _ones(
        np.concatenate([which, which[~loops]]),
        np.concatenate([heads, tails[~loops]]),
        (len(heads), nodes),
    )
    one_way = sparse.csr_array((counts[~loops], (heads[~loops], tails[~loops])), (nodes, nodes))
    return f2e, sparse.csr_array(one_way + one_way.T)


def find_synonyms(phrases: Sequence[str], alike: Pairs, rules: GraphRules) -> sparse.csr_array:
    """nodes x nodes: for each node with more than two letters its nearest by cosine."""
    size = len(phrases)
    if rules.synonyms == "none" or size == 0:
        return sparse.csr_array((size, size))
    pairs = alike.pairs(rules.threshold, rules.synonym_limit)
    letters = np.array([len(phrase.replace(" ", "")) for phrase in phrases])
    asks = sparse.diags_array((letters >= LEAST_LETTERS).astype(np.float64))
    pairs = sparse.csr_array(asks @ pairs)
    pairs.eliminate_zeros()
    return pairs


def combine(
    fact_edges: sparse.csr_array, synonyms: sparse.csr_array, rule: SynonymRule
) -> sparse.csr_array:
    """The symmetric weights of the undirected graph.

    Both matrices are directed tables in the authors' code; their entries become parallel edges of
    one undirected graph, so a pair's weight is the sum of both directions. Halved here, which the
    walk does not see.
    """
    directed = fact_edges
    if rule == "overwrite":
        there = sparse.csr_array((np.ones(synonyms.nnz), synonyms.indices, synonyms.indptr),
                                 shape=synonyms.shape)  # fmt: skip
        directed = fact_edges - fact_edges.multiply(there) + synonyms
    elif rule == "add":
        directed = fact_edges + synonyms
    both = sparse.csr_array((directed + directed.T) / 2)
    both.eliminate_zeros()
    both.sort_indices()
    return both


def _ones(
    rows: Sequence[int] | np.ndarray, columns: Sequence[int] | np.ndarray, shape: tuple[int, int]
) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
