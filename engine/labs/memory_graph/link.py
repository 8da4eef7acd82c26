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

# Rows of a dense block of similarities: 512 x 50,000 float32 are 100 MB.
BLOCK = 512
# Candidates whose exact cosine is computed at once.
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

    def pairs(self, threshold: float, limit: int) -> sparse.csr_array:
        """nodes x nodes: of each node the ``limit`` nearest others of at least ``threshold``."""


class Spelling:
    """Similarity of character n-grams."""

    def __init__(self, phrases: Sequence[str]):
        self.index = NgramIndex(phrases)

    def similarities(self, phrase: str) -> np.ndarray:
        """Cosine of ``phrase`` with every node (nodes,)."""
        return self.index.similarities(phrase)

    def pairs(self, threshold: float, limit: int) -> sparse.csr_array:
        """nodes x nodes: of each node the ``limit`` nearest others of at least ``threshold``."""
        return sparse_pairs(self.index.matrix, threshold, limit)


class Meaning:
    """Similarity of the nodes' own vectors (nodes, width), rows of length 1."""

    def __init__(self, nodes: np.ndarray):
        self.nodes = nodes

    def pairs(self, threshold: float, limit: int) -> sparse.csr_array:
        """nodes x nodes: of each node the ``limit`` nearest others of at least ``threshold``."""
        size = len(self.nodes)
        blocks = []
        for start in range(0, size, BLOCK):
            cosine = self.nodes[start : start + BLOCK] @ self.nodes.T
            i, j = np.nonzero(cosine >= threshold)
            other = i + start != j
            found = (cosine[i[other], j[other]].astype(np.float64), (i[other], j[other]))
            blocks.append(keep_nearest(sparse.csr_array(found, shape=cosine.shape), limit))
        return _stacked(blocks, size)


def sparse_pairs(matrix: sparse.csr_array, threshold: float, limit: int) -> sparse.csr_array:
    """Rows x rows: of each unit row the ``limit`` nearest others of cosine ``threshold`` or more.

    Exact, without looking at all pairs (prefix filtering, Bayardo, Ma and Srikant, WWW 2007): order
    the columns from rare to common. If the rarest column that two rows share lies where one row's
    remaining length is below the threshold, their cosine is below it as well. So both prefixes up
    to there must share a column, and these hold the rare ones.
    """
    order = np.argsort(np.argsort(np.bincount(matrix.indices, minlength=matrix.shape[1])))
    prefix = _prefix(matrix, order, threshold)
    by_column = sparse.csr_array(prefix.T)
    candidates = np.concatenate([[0], np.cumsum(prefix @ np.diff(by_column.indptr))])
    blocks = []
    start = 0
    while start < matrix.shape[0]:
        # As many rows as have a bounded number of candidates together, but at least one.
        end = int(np.searchsorted(candidates, candidates[start] + PAIRS, side="right")) - 1
        end = min(max(end, start + 1), matrix.shape[0])
        hits = sparse.coo_array(prefix[start:end] @ by_column)
        i, j = hits.coords
        other = i + start != j
        i, j = i[other], j[other]
        cosine = np.asarray(matrix[i + start].multiply(matrix[j]).sum(axis=1)).ravel()
        near = cosine >= threshold
        found = (cosine[near], (i[near], j[near]))
        shape = (end - start, matrix.shape[0])
        blocks.append(keep_nearest(sparse.csr_array(found, shape=shape), limit))
        start = end
    return _stacked(blocks, matrix.shape[0])


def _stacked(blocks: list[sparse.csr_array], size: int) -> sparse.csr_array:
    return sparse.csr_array(sparse.vstack(blocks)) if blocks else sparse.csr_array((size, size))


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
