"""The map of a memory by likeness: each memory joined to the few that are closest to it."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.closeness import Closeness
from engine.labs.memory_graph.layout import layout
from engine.labs.memory_graph.living.checks import top

NEIGHBOURS = 3


def nearest_map(
    closeness: Closeness, shown: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the memories ``shown`` within [-1, 1] (memory, axis), and edges (edge, end).

    Ends are places in ``shown``. A memory that shares no word with another has no edge.
    """
    pairs = set()
    for i, memory in enumerate(shown):
        scores = closeness.between(int(memory))[shown]
        scores[i] = -1.0
        for j in top(scores, NEIGHBOURS):
            if scores[j] > 0:
                pairs.add((min(i, int(j)), max(i, int(j))))
    edges = np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2)
    ends = np.concatenate([edges, edges[:, ::-1]]).T
    size = (len(shown), len(shown))
    adjacency = sparse.csr_array((np.ones(ends.shape[1]), (ends[0], ends[1])), size)
    return layout(adjacency, seed).astype(np.float32), edges
