"""A tidy drawing of a tree: parents centred, subtrees as close as they fit, same shape same look.

Reingold and Tilford, "Tidier Drawings of Trees" (1981), with whole contours: quadratic at worst,
for the few hundred nodes of a search tree.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

GAP = 1.0
Contour = list[tuple[float, float]]


def tidy_tree(parents: Sequence[int]) -> np.ndarray:
    """Positions (nodes, 2) of a tree: depth, and place across with siblings at least 1 apart.

    ``parents`` holds each node's parent, -1 for the root, which is node 0; a parent comes before
    its children.
    """
    children: list[list[int]] = [[] for _ in parents]
    for node, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(node)
    # Of each subtree: its reach at every level below, seen from its own root.
    contours: list[Contour] = [[] for _ in parents]
    offsets = np.zeros(len(parents))
    for node in range(len(parents) - 1, -1, -1):
        contours[node] = _join(children[node], contours, offsets)
        for child in children[node]:
            contours[child] = []
    xy = np.zeros((len(parents), 2))
    for node, parent in enumerate(parents):
        if parent >= 0:
            xy[node] = xy[parent] + (1, offsets[node])
    return xy


def _join(own: Sequence[int], contours: Sequence[Contour], offsets: np.ndarray) -> Contour:
    """Set the subtrees of ``own`` side by side, centre their parent, and give the whole contour."""
    together: Contour = []
    for child in own:
        levels = list(zip(together, contours[child], strict=False))
        shift = max((left[1] - right[0] + GAP for left, right in levels), default=0.0)
        offsets[child] = shift
        moved = [(low + shift, high + shift) for low, high in contours[child]]
        both = [(a[0], b[1]) for a, b in zip(together, moved, strict=False)]
        together = both + together[len(both) :] + moved[len(both) :]
    if not own:
        return [(0.0, 0.0)]
    middle = (offsets[own[0]] + offsets[own[-1]]) / 2
    for child in own:
        offsets[child] -= middle
    return [(0.0, 0.0), *((low - middle, high - middle) for low, high in together)]
