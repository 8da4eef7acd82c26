"""The modularity that chance alone reaches: Louvain on graphs of the same degrees, random links.

A method that raises Q finds groups in random graphs too, so that 0 is no fair comparison (Guimerà,
Sales-Pardo and Amaral 2004, Phys. Rev. E 70, 025101). Links are rewired by swaps of ends (Maslov
and Sneppen 2002), which keep every degree and so the weights' formula as well.
"""

from __future__ import annotations

import numpy as np

from engine.core.seeds import rng
from engine.labs.memory_graph.communities import find_communities
from engine.labs.memory_graph.node_map import Map

# Louvain takes 40 to 75 microseconds an edge and draw: all of them together stay below 5 seconds.
MOST_DRAWS = 5
EDGES_IN_ALL = 60_000
ROUNDS = 20


def draws_for(edges: int) -> int:
    """How many random graphs are compared with: 5 up to 12,000 edges, 1 beyond 30,000."""
    return max(1, min(MOST_DRAWS, EDGES_IN_ALL // edges)) if edges else 0


def chance_modularity(of: Map, grain: float = 1.0, seed: int = 0) -> np.ndarray:
    """Modularity of the communities of rewired graphs (draws,); empty where no edge is."""
    found = [
        find_communities(Map(of.size, rewired(of.edges, seed, draw), of.kinds), grain, seed)
        for draw in range(draws_for(len(of.edges)))
    ]
    return np.array([one.modularity for one in found])


def rewired(edges: np.ndarray, seed: int = 0, draw: int = 0) -> np.ndarray:
    """Edges (edges, 2) with every node's degree as before and ends at random.

    In each of twenty rounds all edges are paired at random, and (a, b), (c, d) become (a, d),
    (c, b) unless that makes a loop, or a link that is there or that another pair makes too.
    """
    random = rng(seed, "rewired", draw)
    now = edges.astype(np.int64)
    size = int(now.max()) + 1 if len(now) else 0
    half = len(now) // 2
    for _ in range(ROUNDS):
        order = random.permutation(len(now))
        one, other = order[:half], order[half : 2 * half]
        a, b = now[one].T
        turned = random.random(half) < 0.5
        c, d = np.where(turned, now[other].T[::-1], now[other].T)
        first, second = _keys(a, d, size), _keys(c, b, size)
        there = _keys(now[:, 0], now[:, 1], size)
        made, counts = np.unique(np.concatenate([first, second]), return_counts=True)
        taken = np.concatenate([there, made[counts > 1]])
        fine = (a != d) & (c != b) & ~np.isin(first, taken) & ~np.isin(second, taken)
        now[one[fine]] = np.column_stack([a, d])[fine]
        now[other[fine]] = np.column_stack([c, b])[fine]
    return now


def _keys(a: np.ndarray, b: np.ndarray, size: int) -> np.ndarray:
    return np.minimum(a, b) * size + np.maximum(a, b)
