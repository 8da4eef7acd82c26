"""How well a score tells two groups apart: ROC curve, its area, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import BadInput
from engine.core.seeds import rng

RESAMPLES = 1000
RATES = (0.01, 0.03, 0.05, 0.10)
"""The false positive rates at which Ren et al. 2024 report."""


@dataclass(frozen=True)
class Area:
    """The area under a ROC curve with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """``0.979 [0.94, 1.00]``."""
        return f"{self.value:.3f} [{self.low:.2f}, {self.high:.2f}]"


def area(copied: np.ndarray, ordinary: np.ndarray, resamples: int = RESAMPLES) -> Area:
    """The share of pairs in which the copied prompt (n,) scores above the ordinary one (m,).

    A tie counts half. The interval resamples the prompts of both groups with replacement
    (percentile bootstrap). Raises BadInput for an empty group.
    """
    if not len(copied) or not len(ordinary):
        raise BadInput("scores", "needs at least one copied and one ordinary prompt")
    pairs = (copied[:, None] > ordinary) + 0.5 * (copied[:, None] == ordinary)  # n m
    draw = rng(0, "diffusion", "area")
    rows, columns = (_weights(draw, size, resamples) for size in pairs.shape)
    found = ((rows @ pairs) * columns).sum(1)
    low, high = np.percentile(found, (2.5, 97.5))
    return Area(float(pairs.mean()), float(low), float(high))


def _weights(draw: np.random.Generator, size: int, resamples: int) -> np.ndarray:
    """Each row: how often a resample has every prompt, over its size (resamples, size)."""
    return draw.multinomial(size, np.full(size, 1 / size), size=resamples) / size


def curve(copied: np.ndarray, ordinary: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rate as the threshold falls, from (0, 0) to (1, 1).

    A threshold flags what scores at least as much.
    """
    thresholds = np.unique(np.concatenate([copied, ordinary]))[::-1]
    false, true = ((group >= thresholds[:, None]).mean(1) for group in (ordinary, copied))
    return np.append(0.0, false), np.append(0.0, true)


def threshold_for(scores: np.ndarray, flagged: int) -> float:
    """The highest threshold that flags at least ``flagged`` of the scores; above all for 0."""
    if not 0 <= flagged <= len(scores):
        raise BadInput("flagged", f"must be from 0 to {len(scores)} (got {flagged})")
    return float(np.sort(scores)[::-1][flagged - 1]) if flagged else float("inf")


def true_rate(copied: np.ndarray, ordinary: np.ndarray, rate: float) -> float | None:
    """The largest true positive rate with at most ``rate`` false positives.

    None where the ordinary prompts are too few to tell: one of them is more than that share.
    """
    if len(ordinary) * rate < 1:
        return None
    false, true = curve(copied, ordinary)
    return float(true[false <= rate].max())
