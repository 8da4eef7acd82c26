"""Personalised PageRank: where a walker that keeps returning to its seeds spends its time.

Symbols: W symmetric weights (nodes x nodes), P = W with rows divided by their sums, r the reset
distribution (sums to 1), d the damping, the probability to follow an edge instead of returning.
The ranking p is the fixed point of

    p = (1 - d) r + d (P' p + r * mass of the nodes without an edge)

so a walker that stands on a node without an edge returns, as in igraph's PRPACK.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from engine.core.errors import BadInput

# The largest possible distance to the fixed point, summed over all nodes.
TOLERANCE = 1e-11
MOST_STEPS = 10_000


@dataclass(frozen=True, eq=False)
class Walk:
    """A graph ready to be walked: W as ``adjacency``, P' as ``forward``, P as ``backward``; CSR."""

    adjacency: sparse.csr_array
    forward: sparse.csr_array
    backward: sparse.csr_array
    stuck: np.ndarray
    """Positions of the nodes without an edge."""

    @classmethod
    def on(cls, adjacency: sparse.csr_array) -> Walk:
        """The walk on symmetric weights (nodes x nodes)."""
        strength = np.asarray(adjacency.sum(axis=1)).ravel()
        stuck = strength <= 0
        scale = np.where(stuck, 0.0, 1 / np.where(stuck, 1.0, strength))
        backward = sparse.csr_array(sparse.diags_array(scale) @ adjacency)
        return cls(adjacency, sparse.csr_array(backward.T), backward, np.flatnonzero(stuck))

    def without(self, edges: Collection[tuple[int, int]]) -> Walk:
        """The walk on the graph without ``edges``, pairs of nodes in either order.

        Raises BadInput("edges") for a pair that is not joined.
        """
        adjacency = self.adjacency.copy()
        for a, b in edges:
            if not (0 <= a < self.size and 0 <= b < self.size and self.adjacency[a, b]):
                raise BadInput("edges", f"nodes {a} and {b} are not joined")
        for here, there in [*edges, *((b, a) for a, b in edges)]:
            row = slice(adjacency.indptr[here], adjacency.indptr[here + 1])
            adjacency.data[row][adjacency.indices[row] == there] = 0
        adjacency.eliminate_zeros()
        return Walk.on(adjacency)

    @property
    def size(self) -> int:
        """Nodes."""
        return self.forward.shape[0]

    def step(self, mass: np.ndarray, reset: np.ndarray, damping: float) -> np.ndarray:
        """One step of the power iteration (nodes,)."""
        back = 1 - damping + damping * mass[self.stuck].sum()
        return damping * (self.forward @ mass) + back * reset


def pagerank(
    walk: Walk, reset: np.ndarray, damping: float, tolerance: float = TOLERANCE
) -> np.ndarray:
    """The personalised PageRank (nodes,), at most ``tolerance`` (L1) from the fixed point.

    ``reset`` is a distribution over the nodes, or all zero, which gives zeros.
    """
    mass = reset
    # A change of c in one step leaves at most c d / (1 - d) to come.
    least = tolerance * (1 - damping) / max(damping, 1e-300)
    for _ in range(MOST_STEPS):
        new = walk.step(mass, reset, damping)
        change = np.abs(new - mass).sum()
        mass = new
        if change <= least:
            break
    return mass


def states(walk: Walk, reset: np.ndarray, damping: float, steps: int) -> np.ndarray:
    """The mass after 0, 1, ... ``steps`` steps (steps + 1, nodes); 0 is the reset itself."""
    found = np.empty((steps + 1, walk.size))
    found[0] = reset
    for i in range(steps):
        found[i + 1] = walk.step(found[i], reset, damping)
    return found


def adjoint(
    walk: Walk, readout: np.ndarray, damping: float, tolerance: float = TOLERANCE
) -> np.ndarray:
    """a = (1 - d) (I - d P)^-1 c (nodes,): what one unit of reset at each node adds to c' p.

    ``readout`` is c (nodes,). Where no node is stuck, c' p = a' r for every reset r.
    """
    term = (1 - damping) * readout
    total = term.copy()
    for _ in range(MOST_STEPS):
        term = damping * (walk.backward @ term)
        total += term
        # Rows of P sum to 1 or 0, so that later terms are at most the geometric rest.
        if np.abs(term).max(initial=0.0) <= tolerance * (1 - damping):
            break
    return total


def pagerank_slow(
    edges: Mapping[tuple[int, int], float], reset: list[float], damping: float, steps: int
) -> list[float]:
    """The same in plain loops: walkers are moved edge by edge. ``edges`` are undirected weights."""
    size = len(reset)
    neighbours: list[list[tuple[int, float]]] = [[] for _ in range(size)]
    for (a, b), weight in edges.items():
        neighbours[a].append((b, weight))
        neighbours[b].append((a, weight))
    mass = list(reset)
    for _ in range(steps):
        new = [(1 - damping) * share for share in reset]
        for node, here in enumerate(mass):
            total = sum(weight for _, weight in neighbours[node])
            for other, weight in neighbours[node]:
                new[other] += damping * here * weight / total
            if not neighbours[node]:
                for seed, share in enumerate(reset):
                    new[seed] += damping * here * share
        mass = new
    return mass
