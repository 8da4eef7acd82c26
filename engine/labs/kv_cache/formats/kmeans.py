"""One-dimensional weighted k-means: the fit of non-uniform codebooks. Deterministic."""

from __future__ import annotations

import numpy as np

LARGEST = 200_000


def fit_codebook(
    values: np.ndarray, count: int, weights: np.ndarray | None = None, rounds: int = 200
) -> np.ndarray:
    """``count`` sorted centres (float64) that Lloyd's algorithm reaches from weighted quantiles.

    Minimises sum w (v - nearest centre)^2 locally. More than 200 000 values are thinned to evenly
    spaced ranks. Centres that attract nothing stay where they are.
    """
    order = np.argsort(values, kind="stable")
    order = order[:: -(-order.size // LARGEST)]
    v = values[order].astype(np.float64)
    w = np.ones_like(v) if weights is None else weights[order].astype(np.float64)
    if w.sum() <= 0:
        w = np.ones_like(v)
    mass = np.concatenate(([0.0], np.cumsum(w)))
    moment = np.concatenate(([0.0], np.cumsum(w * v)))
    ranks = (np.arange(count) + 0.5) / count * mass[-1]
    centres = v[np.minimum(np.searchsorted(mass[1:], ranks), v.size - 1)]
    for _ in range(rounds):
        cuts = np.searchsorted(v, (centres[1:] + centres[:-1]) / 2)
        edges = np.concatenate(([0], cuts, [v.size]))
        inside = mass[edges[1:]] - mass[edges[:-1]]
        sums = moment[edges[1:]] - moment[edges[:-1]]
        moved = np.where(inside > 0, sums / np.where(inside > 0, inside, 1.0), centres)
        moved = np.sort(moved)
        if np.array_equal(moved, centres):
            break
        centres = moved
    return centres
