"""What lies around one node of a map: its ego graph, the strongest part where there is much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from engine.core.errors import BadInput
from engine.labs.memory_graph.node_map import Map

DEEPEST = 3
MOST = 150


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """``nodes`` (nodes,) of a map, the centre first, at most so many; ``steps`` (nodes,) from it.

    ``edges`` (edges, 2) are positions in ``nodes``, the strongest first; ``kinds`` and ``weights``
    (edges,). ``left_out`` further nodes are as near.
    """

    nodes: np.ndarray
    steps: np.ndarray
    edges: np.ndarray
    kinds: np.ndarray
    weights: np.ndarray
    left_out: int


def edge_weights(of: Map) -> np.ndarray:
    """1 over the root of both ends' degrees (edges,): an edge between rare nodes means most."""
    degree = np.bincount(of.edges.ravel(), minlength=of.size)
    ends = degree[of.edges].astype(np.float64)
    return 1 / np.sqrt(ends[:, 0] * ends[:, 1]) if len(ends) else np.zeros(0)


def neighbourhood(of: Map, centre: int, depth: int = 1, most: int = MOST) -> Neighbourhood:
    """The nodes within ``depth`` steps of ``centre``, step by step, the best joined first.

    A node is as well joined as the sum of its edges to what is already there. Raises
    BadInput("depth"), BadInput("most").
    """
    if not 1 <= depth <= DEEPEST:
        raise BadInput("depth", f"must be from 1 to {DEEPEST} steps (got {depth})")
    if not 1 <= most <= MOST:
        raise BadInput("most", f"must be from 1 to {MOST} nodes (got {most})")
    weights = edge_weights(of)
    joined = _symmetric(of, weights)
    steps = np.full(of.size, -1)
    steps[centre] = 0
    kept, left_out = [centre], 0
    for step in range(1, depth + 1):
        here = (steps >= 0).astype(np.float64)
        strength = np.where(steps < 0, joined @ here, 0.0)
        order = np.argsort(-strength, kind="stable")[: np.count_nonzero(strength)]
        room = most - len(kept)
        left_out += max(0, len(order) - room)
        steps[order[:room]] = step
        kept += order[:room].tolist()
        if len(order) > room:
            break
    nodes = np.array(kept, np.int64)
    place = np.full(of.size, -1)
    place[nodes] = np.arange(len(nodes))
    inside = np.flatnonzero((place[of.edges] >= 0).all(axis=1))
    inside = inside[np.argsort(-weights[inside], kind="stable")]
    return Neighbourhood(
        nodes,
        steps[nodes],
        place[of.edges[inside]].reshape(-1, 2),
        of.kinds[inside],
        weights[inside],
        left_out,
    )


def _symmetric(of: Map, weights: np.ndarray) -> sparse.csr_array:
    one, other = of.edges[:, 0], of.edges[:, 1]
    rows, columns = np.concatenate([one, other]), np.concatenate([other, one])
    values = np.concatenate([weights, weights])
    return sparse.csr_array((values, (rows, columns)), (of.size, of.size))
