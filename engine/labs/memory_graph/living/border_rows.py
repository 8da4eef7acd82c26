"""Several methods against the same known borders, each beside as many borders set at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.core.seeds import rng
from engine.labs.memory_graph.living.border_scores import (
    boundary_f1,
    random_borders,
    window_diff,
)
from engine.labs.memory_graph.living.recut import piece_starts

DRAWS = 200
Range = tuple[float, float, float]  # 2.5th percentile, mean, 97.5th percentile


@dataclass(frozen=True)
class BorderRow:
    """Scores of one method against the known borders, and the range of as many random ones.

    ``chance_f1`` and ``chance_diff`` are 2.5th percentile, mean and 97.5th percentile.
    """

    name: str
    borders: int
    precision: float
    recall: float
    f1: float
    window_diff: float
    chance_f1: Range
    chance_diff: Range

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
    """F1 within ``tolerance`` tokens and WindowDiff of each list of borders; raises BadInput.

    Chance puts as many borders anywhere in the stream of ``length`` tokens.
    """
    chance: dict[int, tuple[Range, Range]] = {}
    for count in {len(found) for found in methods.values()}:
        lists = [random_borders(length, count, seed, draw) for draw in range(draws)]
        chance[count] = _chance(lists, given, length, tolerance)
    return [
        _row(name, found, given, length, tolerance, chance[len(found)])
        for name, found in methods.items()
    ]


def score_between(
    found: np.ndarray,
    given: np.ndarray,
    piece: np.ndarray,
    tolerance: int,
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> BorderRow:
    """The score of ``found``, beginnings of passages; chance draws as many of them.

    ``piece: t`` says of which passage each token is. Raises BadInput.
    """
    places, length = piece_starts(piece), len(piece)
    lists = [
        np.sort(rng(seed, "between", length, draw).permutation(places)[: len(found)])
        for draw in range(draws)
    ]
    chance = _chance(lists, given, length, tolerance)
    return _row("between passages", found, given, length, tolerance, chance)


def _row(
    name: str,
    found: np.ndarray,
    given: np.ndarray,
    length: int,
    tolerance: int,
    chance: tuple[Range, Range],
) -> BorderRow:
    score = boundary_f1(found, given, tolerance)
    diff = window_diff(found, given, length)
    return BorderRow(name, len(found), score.precision, score.recall, score.f1, diff, *chance)


def _chance(
    lists: Sequence[np.ndarray], given: np.ndarray, length: int, tolerance: int
) -> tuple[Range, Range]:
    return (
        _range([boundary_f1(one, given, tolerance).f1 for one in lists]),
        _range([window_diff(one, given, length) for one in lists]),
    )


def _range(values: list[float]) -> Range:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(np.mean(values)), float(high)
