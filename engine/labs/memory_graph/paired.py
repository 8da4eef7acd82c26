"""Two settings on the same questions: who finds more of the gold of each, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.errors import BadInput
from engine.core.result import Result
from engine.core.seeds import rng
from engine.labs.memory_graph import metrics


@dataclass(frozen=True, eq=False)
class Paired:
    """Setting B minus setting A, in points of recall.

    ``first``, ``second`` and ``gain`` are (questions,); ``interval`` is the 95 % bootstrap interval
    of the mean gain, which resamples questions with both their values.
    """

    first: np.ndarray
    second: np.ndarray
    gain: np.ndarray
    interval: tuple[float, float]

    @property
    def mean(self) -> float:
        """The mean gain."""
        return float(self.gain.mean())

    @property
    def wins(self) -> list[int]:
        """Questions of which B finds more, the largest gain first."""
        return self._ordered(self.gain > 0)

    @property
    def losses(self) -> list[int]:
        """Questions of which A finds more, the largest loss first."""
        return self._ordered(self.gain < 0)

    def _ordered(self, kept: np.ndarray) -> list[int]:
        order = np.argsort(-np.abs(self.gain), kind="stable")
        return [int(q) for q in order if kept[q]]


def paired(first: Result, second: Result, cutoff: int = 5, resamples: int = 2000) -> Paired:
    """Compare two results of ``evaluate``; raises BadInput where their questions differ."""
    if first.notes["questions"] != second.notes["questions"]:
        raise BadInput("questions", "both settings must answer the same questions")
    at = first.notes["cutoffs"].index(cutoff)
    a, b = (one.array("recall")[:, at].astype(np.float64) for one in (first, second))
    low, high = metrics.bootstrap(b - a, rng(0, "memory_graph", "paired"), resamples)
    return Paired(a, b, b - a, (float(low), float(high)))
