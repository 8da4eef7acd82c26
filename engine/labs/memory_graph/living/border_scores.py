"""Found borders against given ones: F1 with a tolerance, WindowDiff, and borders set at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import BadInput
from engine.core.seeds import rng
from engine.labs.memory_graph.living.checks import whole


@dataclass(frozen=True)
class BorderScore:
    """Precision, recall and F1 of borders, and the pairs that made them."""

    precision: float
    recall: float
    f1: float
    matched: int


def boundary_f1(found: np.ndarray, given: np.ndarray, tolerance: int = 0) -> BorderScore:
    """Each given border may account for one found border within ``tolerance`` positions.

    The pairing is the largest there is: both lists are walked in order, and a border that is too
    early for the next of the other list can match nothing later. Two empty lists agree: F1 is 1.
    """
    whole(tolerance, "tolerance", 0)
    a, b = _sorted(found, "found"), _sorted(given, "given")
    i = j = matched = 0
    while i < len(a) and j < len(b):
        if abs(a[i] - b[j]) <= tolerance:
            matched, i, j = matched + 1, i + 1, j + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    if not len(a) and not len(b):
        return BorderScore(1.0, 1.0, 1.0, 0)
    precision = matched / len(a) if len(a) else 0.0
    recall = matched / len(b) if len(b) else 0.0
    return BorderScore(precision, recall, 2 * matched / (len(a) + len(b)), matched)


def window_diff(
    found: np.ndarray, given: np.ndarray, length: int, window: int | None = None
) -> float:
    """Share of windows in which the two lists have different numbers of borders, 0 to 1.

    Pevzner and Hearst 2002, equation 2. A border at p lies between units p-1 and p of the
    ``length``; ``window`` defaults to half the mean given segment, at least 1. Lower is better.
    """
    a, b, k = _window(found, given, length, window)
    inside = [
        np.concatenate(([0], np.cumsum(np.bincount(borders, minlength=length + 1)[1:])))
        for borders in (a, b)
    ]
    # inside[x][p] counts borders at 1 .. p; the window over units i .. i+k holds i+1 .. i+k.
    counts = [c[k:length] - c[: length - k] for c in inside]
    return float((counts[0] != counts[1]).mean())


def window_diff_reference(
    found: np.ndarray, given: np.ndarray, length: int, window: int | None = None
) -> float:
    """The slow twin of ``window_diff``: count borders window by window."""
    a, b, k = _window(found, given, length, window)
    wrong = 0
    for i in range(length - k):
        one = sum(i < p <= i + k for p in a)
        other = sum(i < p <= i + k for p in b)
        wrong += one != other
    return wrong / (length - k)


def random_borders(length: int, count: int, seed: int, draw: int = 0) -> np.ndarray:
    """``count`` different borders among 1 .. length - 1, uniformly, ascending."""
    whole(length, "length", 1)
    whole(count, "count", 0, length - 1)
    stream = rng(seed, "borders", length, count, draw)
    return np.sort(stream.choice(length - 1, size=count, replace=False) + 1)


def random_control(
    given: np.ndarray, length: int, count: int, tolerance: int, seed: int = 0, draws: int = 200
) -> np.ndarray:
    """F1 of ``draws`` lists of as many random borders, float64 (draws,): the level of chance."""
    return np.array(
        [
            boundary_f1(random_borders(length, count, seed, draw), given, tolerance).f1
            for draw in range(whole(draws, "draws", 1))
        ]
    )


def _sorted(borders: np.ndarray, field: str) -> np.ndarray:
    array = np.asarray(borders)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise BadInput(field, "must be a list of whole numbers")
    return np.unique(array.astype(np.int64))


def _window(
    found: np.ndarray, given: np.ndarray, length: int, window: int | None
) -> tuple[np.ndarray, np.ndarray, int]:
    whole(length, "length", 2)
    a, b = _sorted(found, "found"), _sorted(given, "given")
    for field, borders in (("found", a), ("given", b)):
        if len(borders) and not 1 <= borders[0] <= borders[-1] < length:
            raise BadInput(field, f"must lie between 1 and {length - 1}")
    k = max(1, round(length / (len(b) + 1) / 2)) if window is None else window
    return a, b, whole(k, "window", 1, length - 1)
