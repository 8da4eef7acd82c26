"""The nodes and edges that a map draws: phrases, then passages, and what joins them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.graph import MemoryGraph

EDGE_KINDS = ("fact", "synonym", "passage")
FACT, SYNONYM, PASSAGE = range(3)


@dataclass(frozen=True, eq=False)
class Map:
    """Phrases and passages and what joins them; ``edges`` (edges, 2), ``kinds`` (edges,)."""

    size: int
    edges: np.ndarray
    kinds: np.ndarray

    @property
    def adjacency(self) -> sparse.csr_array:
        """Symmetric, all weights 1 (nodes x nodes)."""
        rows = np.concatenate([self.edges[:, 0], self.edges[:, 1]])
        columns = np.concatenate([self.edges[:, 1], self.edges[:, 0]])
        ones = np.ones(len(rows))
        joined = sparse.csr_array((ones, (rows, columns)), (self.size, self.size))
        joined.data[:] = 1.0
        return joined


def node_map(graph: MemoryGraph) -> Map:
    """Pairs of phrases joined by a fact or by likeness alone, and passages with their phrases."""
    phrases, passages = len(graph.phrases), graph.d2f.shape[0]
    above = sparse.triu(graph.adjacency, 1).tocoo()
    pairs = np.column_stack([above.row, above.col])
    by_fact = np.zeros(len(pairs), bool)
    if len(pairs):  # an empty choice of a sparse matrix is no array
        by_fact = np.asarray(graph.fact_edges[pairs[:, 0], pairs[:, 1]]).ravel() > 0
    own = graph.d2e.tocoo()
    belongs = np.column_stack([own.col, phrases + own.row])
    kinds = np.concatenate([np.where(by_fact, 0, 1), np.full(len(belongs), 2)])
    edges = np.concatenate([pairs, belongs]).astype(np.int64).reshape(-1, 2)
    return Map(phrases + passages, edges, kinds.astype(np.uint8))
