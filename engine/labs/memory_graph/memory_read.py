"""From the rows of a memory to the matrices of a graph, and to the scores of a question."""

from __future__ import annotations

import sqlite3
from functools import cached_property

import numpy as np
from scipy import sparse

from engine.core.errors import BadInput
from engine.labs.memory_graph import bm25
from engine.labs.memory_graph.alike import RULES
from engine.labs.memory_graph.build import second_rules, walk_rules
from engine.labs.memory_graph.config import Retrieval
from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.dense import NO_VECTORS
from engine.labs.memory_graph.graph import MemoryGraph, join_facts
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.hipporag2 import HippoRag2
from engine.labs.memory_graph.link import Spelling
from engine.labs.memory_graph.memory_store import FIELD, MemoryFile
from engine.labs.memory_graph.node_map import Map, node_map
from engine.labs.memory_graph.openie import Triple
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.tfidf import Tfidf, WordIndex
from engine.labs.memory_graph.words import words

METHODS = ("mix", "hipporag", "hipporag2", "bm25", "tfidf")
# The walk's share of a mixture, as for every corpus.
WEIGHT = Retrieval().mix_weight


class Snapshot:
    """A memory as it was at one version; whatever a method needs is read when it is first asked.

    ``ids`` (passages,) ascending; ``lengths`` in words; ``gone`` (passages, bool) are ghosts.
    Ghosts stay in the graph and in the counts: what they taught is not unlearned with them.
    """

    def __init__(self, file: MemoryFile):
        self.file = file
        self.version = file.version()
        with file.reading() as connection:
            rows = connection.execute("SELECT id, words, gone FROM passages ORDER BY id").fetchall()
        self.ids = np.array([row[0] for row in rows], np.int64)
        self.lengths = np.array([row[1] for row in rows], np.float64)
        self.gone = np.array([row[2] is not None for row in rows], bool)

    def scores(self, question: Question, method: str) -> np.ndarray:
        """A score for every passage (passages,); 0 where nothing of the question is found.

        Raises BadInput("method").
        """
        if method == "mix":
            parts = self.scores(question, "hipporag"), self.scores(question, "bm25")
            # From zero, not from the least: in a small memory the last of the found is found too.
            walk, counted = (part / part.max() if part.any() else part for part in parts)
            return WEIGHT * walk + (1 - WEIGHT) * counted
        if method == "bm25":
            return self._bm25(question)
        if method == "tfidf":
            return self._tfidf.scores(question)
        return self.walker(method).scores(question)

    def walker(self, method: str) -> HippoRag | HippoRag2:
        """The retriever that walks for ``method``; raises BadInput("method") where none does."""
        if method in ("mix", "hipporag"):
            return self._first
        if method == "hipporag2":
            return self._second
        if method == "dense":
            raise BadInput("method", NO_VECTORS)
        raise BadInput("method", f"must be one of {', '.join(METHODS)} (got {str(method)[:40]!r})")

    @cached_property
    def graph(self) -> MemoryGraph:
        """The graph of all notes; nodes are in the order of their phrases, facts in theirs."""
        with self.file.reading() as connection:
            return load_graph(connection, self.ids)

    @cached_property
    def map(self) -> Map:
        """The nodes and edges of ``graph`` and its passages, in the order of ``ids``."""
        return node_map(self.graph)

    @cached_property
    def _first(self) -> HippoRag:
        return HippoRag(self.graph, walk_rules(Retrieval()))

    @cached_property
    def _second(self) -> HippoRag2:
        index = WordIndex([" ".join(fact) for fact in self.graph.facts])
        return HippoRag2(
            self.graph,
            lambda question: index.similarities(question.text),
            self._tfidf.scores,
            rules=second_rules(Retrieval()),
        )

    @cached_property
    def _tfidf(self) -> Tfidf:
        last = int(self.ids[-1]) if len(self.ids) else 0
        with self.file.reading() as connection:
            rows = connection.execute(
                "SELECT title, text FROM passages WHERE id <= ? ORDER BY id", (last,)
            ).fetchall()
        return Tfidf([Passage(title, text) for title, text in rows])

    def _bm25(self, question: Question) -> np.ndarray:
        """The formula of ``bm25``, from stored counts: no text is read."""
        found = np.zeros(len(self.ids))
        if not len(self.ids):
            return found
        average = max(self.lengths.mean(), 1.0)
        damping = bm25.K1 * (1 - bm25.B + bm25.B * self.lengths / average)
        with self.file.reading() as connection:
            for term in words(question.text):
                rows = connection.execute(
                    "SELECT passage, count FROM postings WHERE term = ?", (term,)
                ).fetchall()
                if not rows:
                    continue
                notes, f = _columns(rows, 2)
                places = _places(self.ids, notes, missing=len(self.ids))
                there = places < len(self.ids)  # a note that came after this version
                places, f, n = places[there], f[there].astype(np.float64), int(there.sum())
                idf = np.log1p((len(self.ids) - n + 0.5) / (n + 0.5))
                found[places] += idf * f * (bm25.K1 + 1) / (f + damping[places])
        return found


def load_graph(connection: sqlite3.Connection, ids: np.ndarray) -> MemoryGraph:
    """The graph of the passages ``ids`` (passages,), equal to ``build_graph`` of their triples.

    Raises BadInput("memory") for rows that point nowhere, which no memory writes.
    """
    connection.execute("BEGIN")  # all tables as of one moment
    try:
        phrases = connection.execute("SELECT id, text FROM phrases ORDER BY text").fetchall()
        facts = connection.execute("SELECT subject, object, id, relation FROM facts").fetchall()
        mentions = connection.execute("SELECT passage, fact, count FROM mentions").fetchall()
        alike = connection.execute("SELECT phrase, other, cosine FROM synonyms").fetchall()
    finally:
        connection.execute("COMMIT")
    names = tuple(text for _, text in phrases)
    nodes = _Nodes(np.array([phrase for phrase, _ in phrases], np.int64))
    heads, tails, own = _columns([row[:3] for row in facts], 3)
    heads, tails = nodes.of(heads), nodes.of(tails)
    relations = [row[3] for row in facts]
    # Sorted as the phrases are: which of two equal facts comes first is then no matter of ids.
    kinds = np.unique(relations, return_inverse=True)[1] if relations else np.empty(0, np.int64)
    order = np.lexsort((tails, kinds, heads))
    heads, tails, own = heads[order], tails[order], own[order]
    passages, used, counts = _columns(mentions, 3)
    rows = _places(ids, passages, missing=len(ids))
    there = rows < len(ids)
    rows, counts = rows[there], counts[there].astype(np.float64)
    used = _Nodes(own).of(used[there])
    d2f = sparse.csr_array((np.ones(len(rows)), (rows, used)), shape=(len(ids), len(own)))
    total = np.bincount(used, weights=counts, minlength=len(own))
    f2e, fact_edges = join_facts(heads, tails, total, len(names))
    one = nodes.of(np.array([row[0] for row in alike], np.int64))
    other = nodes.of(np.array([row[1] for row in alike], np.int64))
    cosines = np.array([row[2] for row in alike], np.float64)
    return MemoryGraph(
        phrases=names,
        facts=tuple(
            Triple(names[head], relations[at], names[tail])
            for head, at, tail in zip(heads.tolist(), order.tolist(), tails.tolist(), strict=True)
        ),
        d2f=d2f,
        f2e=f2e,
        fact_edges=fact_edges,
        synonyms=sparse.csr_array((cosines, (one, other)), shape=(len(names), len(names))),
        linker=_LateSpelling(names),
        rules=RULES,
    )


class _LateSpelling:
    """Spelling whose index is made for the first name that is no phrase itself."""

    def __init__(self, phrases: tuple[str, ...]):
        self.phrases = phrases

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling(self.phrases)

    def similarities(self, phrase: str) -> np.ndarray:
        """Cosine of ``phrase`` with every node (nodes,)."""
        return self._spelling.similarities(phrase)


class _Nodes:
    """From ids, in any order, to their positions."""

    def __init__(self, ids: np.ndarray):
        self.order = np.argsort(ids)
        self.sorted = ids[self.order]

    def of(self, ids: np.ndarray) -> np.ndarray:
        """The position of each; raises BadInput("memory") for one that is not there."""
        places = _places(self.sorted, ids, missing=-1)
        if (places < 0).any():
            raise BadInput(FIELD, "the file is damaged: a row points to one that is not there")
        return self.order[places]


def _places(ascending: np.ndarray, wanted: np.ndarray, *, missing: int) -> np.ndarray:
    """Positions of ``wanted`` in ``ascending``."""
    if not len(ascending):
        return np.full(len(wanted), missing, np.int64)
    found = np.searchsorted(ascending, wanted)
    found[found == len(ascending)] = 0
    return np.where(ascending[found] == wanted, found, missing)


def _columns(rows: list[tuple[int, ...]], width: int) -> np.ndarray:
    """The columns of rows of whole numbers (width, rows)."""
    try:
        return np.array(rows, np.int64).reshape(-1, width).T
    except (TypeError, ValueError, OverflowError):
        raise BadInput(FIELD, "the file is damaged: a number is none") from None
