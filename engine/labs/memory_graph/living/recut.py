"""Cut a stream again at another gamma: what a page can do at once, without a job and torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.labs.memory_graph.living.border_scores import (
    boundary_f1,
    random_borders,
    window_diff,
)
from engine.labs.memory_graph.living.cohesion import MEASURES, Measure, Reading
from engine.labs.memory_graph.living.events import Statistics, boundaries, threshold
from engine.labs.memory_graph.living.refine import refine_rows

DRAWS = 200


@dataclass(frozen=True, eq=False)
class Cut:
    """``level``, ``mean`` and ``std`` float64 (token,): level = mean + gamma * std.

    ``above`` counts the tokens over the level; ``opening`` int (events - 1,) are the boundaries
    that are left once events are neither too short nor too long.
    """

    gamma: float
    statistics: Statistics
    mean: np.ndarray
    std: np.ndarray
    level: np.ndarray
    above: int
    opening: np.ndarray


def cut(surprise: np.ndarray, gamma: float, statistics: Statistics = "code") -> Cut:
    """Threshold and boundaries of ``surprise: t`` (nats); raises BadInput."""
    mean = threshold(surprise, 0.0, statistics=statistics)
    level = threshold(surprise, gamma, statistics=statistics)
    std = threshold(surprise, 1.0, statistics=statistics) - mean
    above = int((np.asarray(surprise) > level).sum())
    opening = boundaries(surprise, level)
    return Cut(float(gamma), statistics, mean, std, level, above, opening)


def refined(
    opening: np.ndarray, rows: np.ndarray, *, clip: bool, reading: Reading = "code"
) -> dict[Measure, np.ndarray]:
    """``opening`` after refinement by each measure on ``rows: t d`` (whole stream)."""
    x = np.asarray(rows, dtype=np.float32)
    return {measure: refine_rows(opening, x, measure, reading, clip=clip) for measure in MEASURES}


def fixed_borders(length: int, count: int) -> np.ndarray:
    """``count`` borders at equal distances in 1 .. length - 1."""
    return np.unique(np.round(np.arange(1, count + 1) * length / (count + 1)).astype(np.int64))


@dataclass(frozen=True)
class BorderRow:
    """Scores of one method against the known borders, and the range of as many random ones.

    ``chance_f1`` and ``chance_diff`` are (2.5th percentile, mean, 97.5th percentile).
    """

    name: str
    borders: int
    precision: float
    recall: float
    f1: float
    window_diff: float
    chance_f1: tuple[float, float, float]
    chance_diff: tuple[float, float, float]

    @property
    def verdict(self) -> str:
        """How its F1 stands to chance, in words."""
        if self.f1 > self.chance_f1[2]:
            return "better than chance"
        return "worse than chance" if self.f1 < self.chance_f1[0] else "no better than chance"


def score_methods(
    methods: Mapping[str, np.ndarray],
    given: np.ndarray,
    length: int,
    tolerance: int,
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> list[BorderRow]:
    """F1 within ``tolerance`` tokens and WindowDiff of each list of borders; raises BadInput."""
    chance: dict[int, tuple[tuple[float, float, float], tuple[float, float, float]]] = {}
    rows = []
    for name, found in methods.items():
        count = len(found)
        if count not in chance:
            lists = [random_borders(length, count, seed, draw) for draw in range(draws)]
            f1 = [boundary_f1(one, given, tolerance).f1 for one in lists]
            diff = [window_diff(one, given, length) for one in lists]
            chance[count] = _range(f1), _range(diff)
        score = boundary_f1(found, given, tolerance)
        rows.append(
            BorderRow(
                name,
                count,
                score.precision,
                score.recall,
                score.f1,
                window_diff(found, given, length),
                *chance[count],
            )
        )
    return rows


def _range(values: list[float]) -> tuple[float, float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(np.mean(values)), float(high)
