"""Which node a name means, and which nodes are spelled or meant alike.

HippoRAG links a query entity to the single most similar node and ties nodes of cosine 0.8 and more
together as synonyms (arXiv 2405.14831, section 2.2). Similarity comes from spelling, which needs no
model, or from vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.ngrams import NgramIndex

# Rows of a block of similarities: 512 x 50,000 float64 are 200 MB, sparse ones far less.
BLOCK = 512
# Pairs whose exact cosine is computed at once.
PAIRS = 1 << 18


class Link(NamedTuple):
    """A name of the question and the node that it was taken for."""

    entity: str
    node: int
    similarity: float


class Linker(Protocol):
    """Tells how alike any phrase is to every node."""

    def similarities(self, phrase: str) -> np.ndarray:
        """Cosine of ``phrase`` with every node (nodes,)."""


class Pairs(Protocol):
    """Tells which nodes are alike."""

    def pairs(self, threshold: float) -> sparse.csr_array:
        """nodes x nodes: the cosine of every pair that reaches ``threshold``, no diagonal."""


class Spelling:
    """Similarity of character n-grams."""

    def __init__(self, phrases: Sequence[str]):
        self.index = NgramIndex(phrases)

    def similarities(self, phrase: str) -> np.ndarray:
        """Cosine of ``phrase`` with every node (nodes,)."""
        return self.index.similarities(phrase)

    def pairs(self, threshold: float) -> sparse.csr_array:
        """nodes x nodes: every pair whose cosine reaches ``threshold`` (> 0), no diagonal."""
        return sparse_pairs(self.index.matrix, threshold)


class Meaning:
    """Similarity of the nodes' own vectors (nodes, width), rows of length 1."""

    def __init__(self, nodes: np.ndarray):
        self.nodes = nodes

    def pairs(self, threshold: float) -> sparse.csr_array:
        """nodes x nodes: every pair whose cosine reaches ``threshold``, no diagonal."""
        rows, columns, values = [], [], []
        for start in range(0, len(self.nodes), BLOCK):
            block = self.nodes[start : start + BLOCK] @ self.nodes.T
            i, j = np.nonzero(block >= threshold)
            off = i + start != j
            rows.append(i[off] + start)
            columns.append(j[off])
            values.append(block[i[off], j[off]].astype(np.float64))
        size = len(self.nodes)
        return sparse.csr_array(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
            shape=(size, size),
        )


def sparse_pairs(matrix: sparse.csr_array, threshold: float) -> sparse.csr_array:
    """Rows x rows: the cosine of every two unit rows that reaches ``threshold``, no diagonal.

    Exact, without looking at all pairs (prefix filtering, Bayardo, Ma and Srikant, WWW 2007): order
    the columns from rare to common. If the rarest column that two rows share lies where one row's
    remaining length is below the threshold, their cosine is below it as well. So both prefixes up
    to there must share a column, and these hold the rare ones.
    """
    order = np.argsort(np.argsort(np.bincount(matrix.indices, minlength=matrix.shape[1])))
    prefix = _prefix(matrix, order, threshold)
    by_column = sparse.csr_array(prefix.T)
    size = matrix.shape[0]
    rows, columns, values = [], [], []
    for start in range(0, size, BLOCK):
        hits = sparse.coo_array(prefix[start : start + BLOCK] @ by_column)
        i, j = hits.coords[0] + start, hits.coords[1]
        above = i < j
        i, j = i[above], j[above]
        for at in range(0, len(i), PAIRS):
            a, b = i[at : at + PAIRS], j[at : at + PAIRS]
            cosine = np.asarray(matrix[a].multiply(matrix[b]).sum(axis=1)).ravel()
            near = cosine >= threshold
            rows.append(a[near])
            columns.append(b[near])
            values.append(cosine[near])
    if not rows:
        return sparse.csr_array((size, size))
    half = sparse.csr_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(size, size),
    )
    return sparse.csr_array(half + half.T)


def _prefix(matrix: sparse.csr_array, order: np.ndarray, threshold: float) -> sparse.csr_array:
    """Of each row its rarest columns, until what remains is shorter than ``threshold``."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    rank = np.lexsort((order[matrix.indices], rows))
    indices, squares = matrix.indices[rank], matrix.data[rank] ** 2
    total = np.concatenate([[0.0], np.cumsum(squares)])
    # What remains from an entry on, itself included; a margin covers the rounding of the sums.
    remains = total[matrix.indptr[1:]][rows] - total[:-1]
    kept = remains >= threshold**2 - 1e-9
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=matrix.shape[0]))])
    data = np.ones(int(kept.sum()), np.float32)
    return sparse.csr_array((data, indices[kept], starts), shape=matrix.shape)


def keep_nearest(pairs: sparse.csr_array, limit: int) -> sparse.csr_array:
    """At most ``limit`` entries a row, the largest ones; of equal ones the first."""
    if np.diff(pairs.indptr).max(initial=0) <= limit:
        return pairs
    rows = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))
    rank = np.lexsort((pairs.indices, -pairs.data, rows))
    place = np.arange(len(rows)) - pairs.indptr[rows]
    chosen = rank[place < limit]
    return sparse.csr_array(
        (pairs.data[chosen], (rows[chosen], pairs.indices[chosen])), shape=pairs.shape
    )


def link(
    entity: str,
    phrase: str,
    places: Mapping[str, int],
    linker: Linker,
    least: float = 0.0,
) -> Link | None:
    """The node called ``phrase``, else the most similar one of at least ``least``; else None."""
    if phrase in places:
        return Link(entity, places[phrase], 1.0)
    if not places or not phrase:
        return None
    alike = linker.similarities(phrase)
    node = int(np.argmax(alike))
    return Link(entity, node, float(alike[node])) if alike[node] > max(least, 0.0) else None
