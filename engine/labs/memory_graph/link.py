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
# Products of single numbers, and pairs whose exact cosine is computed, at once:
# both bound what a block takes.
PRODUCTS = 1 << 22
PAIRS = 1 << 18
# A longer prefix costs more products and lets fewer pairs pass; 0.75 was the quickest of 0.5 to 1.
REST = 0.75


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

    Weights are not negative. Exact, without looking at all pairs (prefix filtering, Bayardo, Ma and
    Srikant, WWW 2007): order the columns from rare to common and cut each row where what remains is
    shorter than ``REST`` times the threshold. Of two rows, let x be the one that is cut first: what
    they share before the cut is all in the product of both prefixes, and what they share after it
    is at most the length of x's rest. Only pairs that this bound lets pass are looked at whole.
    """
    order = np.argsort(np.argsort(np.bincount(matrix.indices, minlength=matrix.shape[1])))
    prefix = _prefix(matrix, order, REST * threshold)
    rest = np.sqrt(np.maximum(1 - np.asarray(prefix.multiply(prefix).sum(axis=1)).ravel(), 0))
    longest = rest.max(initial=0.0)
    by_column = sparse.csr_array(prefix.T)
    uses = np.diff(by_column.indptr)[prefix.indices]
    products = np.concatenate([[0], np.cumsum(uses)])[prefix.indptr]
    blocks = []
    start = 0
    while start < matrix.shape[0]:
        # As many rows as take a bounded number of products together, but at least one.
        end = int(np.searchsorted(products, products[start] + PRODUCTS, side="right")) - 1
        end = min(max(end, start + 1), matrix.shape[0])
        hits = sparse.csr_array(prefix[start:end] @ by_column)
        # The margin covers the rounding of the sums.
        least = threshold - 1e-9
        may = np.flatnonzero(hits.data >= least - longest)
        i, j = start + np.searchsorted(hits.indptr, may, side="right") - 1, hits.indices[may]
        pair = (hits.data[may] + np.maximum(rest[i], rest[j]) >= least) & (i != j)
        i, j = i[pair], j[pair]
        cosine = _cosines(matrix, i, j)
        near = cosine >= threshold
        found = (cosine[near], (i[near] - start, j[near]))
        shape = (end - start, matrix.shape[0])
        blocks.append(keep_nearest(sparse.csr_array(found, shape=shape), limit))
        start = end
    return _stacked(blocks, matrix.shape[0])


def _cosines(matrix: sparse.csr_array, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """The product of rows ``i`` and ``j`` of each pair (pairs,)."""
    found = np.empty(len(i))
    for at in range(0, len(i), PAIRS):
        part = slice(at, at + PAIRS)
        found[part] = np.asarray(matrix[i[part]].multiply(matrix[j[part]]).sum(axis=1)).ravel()
    return found


def _stacked(blocks: list[sparse.csr_array], size: int) -> sparse.csr_array:
    return sparse.csr_array(sparse.vstack(blocks)) if blocks else sparse.csr_array((size, size))


def _prefix(matrix: sparse.csr_array, order: np.ndarray, rest: float) -> sparse.csr_array:
    """Of each row its rarest columns, until what remains is shorter than ``rest``."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    rank = np.lexsort((order[matrix.indices], rows))
    indices, squares = matrix.indices[rank], matrix.data[rank] ** 2
    total = np.concatenate([[0.0], np.cumsum(squares)])
    # What remains from an entry on, itself included; a margin covers the rounding of the sums.
    remains = total[matrix.indptr[1:]][rows] - total[:-1]
    kept = remains >= rest**2 - 1e-9
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=matrix.shape[0]))])
    return sparse.csr_array((matrix.data[rank][kept], indices[kept], starts), shape=matrix.shape)


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
