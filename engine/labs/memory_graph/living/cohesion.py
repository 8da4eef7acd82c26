"""How well a cut splits a similarity matrix: modularity and conductance, three readings each.

``A: n n`` is symmetric. With m = sum(A) / 2, degrees k_i = sum_j A_ij, in(S) = the sum of A within
S, cut(S) = the sum between S and the rest, vol(S) = sum of the degrees in S:

modularity   paper, code   1 / (4m) sum over both sides of (A_ij - k_i k_j / 2m)
             textbook      1 / (2m) of the same sum (Newman 2006): only the scale differs
conductance  textbook      cut / min(vol S, vol rest), with degrees (Shi and Malik 2000)
             paper         cut / min(in S, in rest): inner weight only, on both sides
             code          for each side S cut / min(in S, sum(A) - in S), then the lower of the two

The paper is EM-LLM (arXiv 2407.09450, equations 3 and 4), the code that of its authors. As in the
code a denominator of 0 counts as 1e-15.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from engine.core import BadInput
from engine.labs.memory_graph.living.checks import vectors

Measure = Literal["modularity", "conductance"]
Reading = Literal["paper", "code", "textbook"]
MEASURES: tuple[Measure, ...] = ("modularity", "conductance")
READINGS: tuple[Reading, ...] = ("paper", "code", "textbook")
TINY = 1e-15
MAX_SIDE = 10_000  # 800 MB of float64


def similarity(rows: np.ndarray, *, clip: bool = True) -> np.ndarray:
    """Products of all pairs of ``rows: n d``, float64 (n, n); with ``clip`` none below 0.

    Rows of unit length give cosines. The authors multiply keys, unscaled and unclipped; negative
    similarities have no meaning as weights of edges, so cosines of embeddings are clipped. Raises
    BadInput for more than ``MAX_SIDE`` rows.
    """
    x = vectors(rows, "rows").astype(np.float64)
    if len(x) > MAX_SIDE:
        raise BadInput("rows", f"{len(x)} rows; a matrix may have {MAX_SIDE} (see refine_rows)")
    a = x @ x.T
    return np.maximum(a, 0.0) if clip else a


def checked(a: np.ndarray, measure: str, reading: str) -> np.ndarray:
    """``a`` as float64; raises BadInput for what is not square, symmetric and finite."""
    a = np.asarray(a, dtype=np.float64)
    if a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise BadInput("similarity", f"must be square (got {a.shape})")
    if not np.isfinite(a).all() or not np.allclose(a, a.T, rtol=1e-6, atol=1e-9):
        raise BadInput("similarity", "must be finite and symmetric")
    _known(measure, reading)
    return a


def _known(measure: str, reading: str) -> None:
    if measure not in MEASURES:
        raise BadInput("measure", f"must be one of {', '.join(MEASURES)} (got {measure!r})")
    if reading not in READINGS:
        raise BadInput("reading", f"must be one of {', '.join(READINGS)} (got {reading!r})")


def score_reference(
    a: np.ndarray, sides: Sequence[Sequence[int]], measure: Measure, reading: Reading
) -> float:
    """Plain loops over pairs for any division into ``sides``: the reference of ``Cuts``.

    Conductance is that of the lowest side.
    """
    n = len(a)
    everyone = range(n)
    total = sum(float(a[i, j]) for i in everyone for j in everyone)
    degree = [sum(float(a[i, j]) for j in everyone) for i in everyone]
    if measure == "modularity":
        if abs(total) < TINY:
            return 0.0
        found = 0.0
        for side in sides:
            for i in side:
                for j in side:
                    found += float(a[i, j]) - degree[i] * degree[j] / total
        return found / (total if reading == "textbook" else 2 * total)
    lowest = np.inf
    for side in sides:
        rest = [i for i in everyone if i not in side]
        cut = sum(float(a[i, j]) for i in side for j in rest)
        inner = sum(float(a[i, j]) for i in side for j in side)
        outer = sum(float(a[i, j]) for i in rest for j in rest)
        if reading == "textbook":
            low = min(sum(degree[i] for i in side), sum(degree[i] for i in rest))
        elif reading == "paper":
            low = min(inner, outer)
        else:
            low = min(inner, total - inner)
        lowest = min(lowest, cut / (low or TINY))
    return float(lowest)


class Cuts:
    """Scores of cuts of any window of ``a``, each in constant time from one table of prefix sums.

    The table takes n^2 steps once. Raises BadInput as ``checked`` does; ``trusted`` leaves that out
    for a matrix that ``similarity`` made, which cannot be anything else.
    """

    def __init__(self, a: np.ndarray, *, trusted: bool = False):
        a = a if trusted else checked(a, "modularity", "paper")
        self.size = len(a)
        self._table = np.zeros((self.size + 1, self.size + 1))
        np.cumsum(np.cumsum(a, axis=0), axis=1, out=self._table[1:, 1:])

    def _sum(self, top: int, bottom: np.ndarray | int, left: int, right: np.ndarray | int) -> Any:
        p = self._table
        return p[bottom, right] - p[top, right] - p[bottom, left] + p[top, left]

    def scores(
        self, cuts: np.ndarray, start: int, end: int, measure: Measure, reading: Reading
    ) -> np.ndarray:
        """Score of splitting [start, end) at each of ``cuts``, float64 (cuts,).

        The window is a graph of its own: degrees count what lies inside it.
        """
        _known(measure, reading)
        t = np.asarray(cuts, dtype=np.int64)
        if not 0 <= start < end <= self.size or (t < start).any() or (t > end).any():
            raise BadInput("cuts", f"must lie in a window within 0 to {self.size}")
        total = float(self._sum(start, end, start, end))
        # Differences of prefix sums miss zero by rounding, and a cut of nothing must stay nothing.
        slack = 1e-12 * float(np.abs(self._table).max(initial=0.0))
        left = _clean(self._sum(start, t, start, t), slack)
        volume = _clean(self._sum(start, t, start, end), slack)
        cut = _clean(volume - left, slack)
        right = _clean(total - volume - cut, slack)
        if measure == "modularity":
            if abs(total) <= max(TINY, slack):
                return np.zeros(len(t))
            both = left + right - (volume**2 + (total - volume) ** 2) / total
            return both / (total if reading == "textbook" else 2 * total)
        if reading == "textbook":
            return cut / _not_zero(np.minimum(volume, right + cut))
        if reading == "paper":
            return cut / _not_zero(np.minimum(left, right))
        first = cut / _not_zero(np.minimum(left, right + 2 * cut))
        return np.minimum(first, cut / _not_zero(np.minimum(right, left + 2 * cut)))


def _clean(x: np.ndarray, slack: float) -> np.ndarray:
    return np.where(np.abs(x) <= slack, 0.0, x)


def _not_zero(x: np.ndarray) -> np.ndarray:
    return np.where(x == 0, TINY, x)


def partition_scores(a: np.ndarray, opening: np.ndarray, reading: Reading) -> tuple[float, float]:
    """Modularity of ``a: n n`` cut at ``opening``, and the mean conductance of its events.

    High modularity and low conductance mean events that hold together. The conductance of an event
    without inner weight is huge under "paper" and "code", whose denominators are inner weights;
    such events (single rows that resemble nothing) are left out of the mean. Raises BadInput.
    """
    a = checked(a, "modularity", reading)
    if not len(a):
        return 0.0, 0.0
    starts = np.concatenate(([0], np.asarray(opening, dtype=np.int64)))
    if len(starts) > 1 and ((np.diff(starts) < 1).any() or starts[-1] >= len(a)):
        raise BadInput("boundaries", f"must ascend between 1 and {len(a) - 1}")
    between = np.add.reduceat(np.add.reduceat(a, starts, axis=0), starts, axis=1)
    inner, volume, total = np.diag(between), between.sum(axis=1), float(between.sum())
    if abs(total) < TINY:
        return 0.0, 0.0
    scale = total if reading == "textbook" else 2 * total
    modularity = float((inner - volume**2 / total).sum() / scale)
    crossing = volume - inner
    if reading == "textbook":
        least = np.minimum(volume, total - volume)
    elif reading == "paper":
        least = np.minimum(inner, total - 2 * volume + inner)
    else:
        least = np.minimum(inner, total - inner)
    held = least > 1e-9 * abs(total)
    conductance = float((crossing[held] / least[held]).mean()) if held.any() else 0.0
    return modularity, conductance
