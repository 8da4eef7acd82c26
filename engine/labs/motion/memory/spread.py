"""Means with their spread, and ranks that go together."""

from __future__ import annotations

import numpy as np

from engine.core.seeds import rng

RESAMPLES = 2000
INTERVAL = "95 % bootstrap interval over clips"


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """The mean of ``values`` (clips,) and the 95 % percentile bootstrap interval over them."""
    draws = rng(0, "bootstrap").integers(0, len(values), (RESAMPLES, len(values)))
    means = values[draws].mean(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(values.mean()), float(low), float(high)


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's, ties sharing their mean rank; 0 where one of them is constant."""
    ranks = [_ranks(values) for values in (one, other)]
    if any(np.ptp(values) == 0 for values in ranks):
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[places]
