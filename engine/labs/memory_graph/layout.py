"""Where the nodes of a graph lie on its map: computed once, the same every time.

Up to ``CORE`` nodes are placed by Fruchterman and Reingold's forces (1991), in which joined nodes
attract and all repel. Beyond, the best connected ones are, and every other node lies between its
neighbours.
"""

from __future__ import annotations

import networkx as nx
import numpy as np
from scipy import sparse

from engine.core.seeds import rng

CORE = 1500
ROUNDS = 60
# How far a node that is placed between its neighbours is moved aside, so that none coincide.
ASIDE = 0.02


def layout(adjacency: sparse.csr_array, seed: int = 0, core: int = CORE) -> np.ndarray:
    """Positions within [-1, 1] (nodes, 2) for symmetric weights (nodes x nodes)."""
    size = adjacency.shape[0]
    if size == 0:
        return np.zeros((0, 2))
    degree = np.diff(adjacency.indptr)
    inner = np.sort(np.argsort(-degree, kind="stable")[:core])
    xy = np.full((size, 2), np.nan)
    xy[inner] = _forces(sparse.csr_array(adjacency[inner][:, inner]), seed)
    generator = rng(seed, "memory_graph", "layout")
    # Rings outwards from the core: each node goes to the middle of those already placed.
    while True:
        placed = ~np.isnan(xy[:, 0])
        reach = adjacency @ placed.astype(np.float64)
        fresh = np.flatnonzero(~placed & (reach > 0))
        if not len(fresh):
            break
        rows = adjacency[fresh]
        middle = (rows @ np.where(placed[:, None], xy, 0.0)) / reach[fresh, None]
        xy[fresh] = middle + generator.normal(0.0, ASIDE, (len(fresh), 2))
    # What no path joins to the core lies on a circle outside.
    lost = np.flatnonzero(np.isnan(xy[:, 0]))
    angle = np.arange(len(lost)) * (np.pi * (3 - np.sqrt(5)))
    xy[lost] = 1.05 * np.column_stack([np.cos(angle), np.sin(angle)])
    return xy / max(float(np.abs(xy).max()), 1e-12)


def _forces(adjacency: sparse.csr_array, seed: int) -> np.ndarray:
    graph = nx.from_scipy_sparse_array(adjacency)
    count = max(len(graph), 1)
    found = nx.spring_layout(graph, k=1.6 / np.sqrt(count), iterations=ROUNDS, seed=seed)
    xy = np.array([found[i] for i in range(len(graph))]).reshape(-1, 2)
    # Far outliers, small components mostly, would leave the rest a dot in the middle.
    reach = np.percentile(np.abs(xy - np.median(xy, axis=0)), 98) if len(xy) > 1 else 1.0
    return np.tanh((xy - np.median(xy, axis=0)) / (1.2 * reach or 1.0))
