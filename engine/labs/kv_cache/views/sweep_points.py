"""The points of a sweep of formats with their intervals, and what may be said of two of them."""

from __future__ import annotations

from typing import NamedTuple

from engine.core.claims import Standing
from engine.core.result import Result


class Point(NamedTuple):
    """The change of the loss of one point of a sweep with its 95 % interval, its bits and error."""

    loss: float
    low: float
    high: float
    bits: float
    kl: float
    error: float

    def __str__(self) -> str:
        return f"{self.loss:+.4f} nat ({self.low:+.4f} to {self.high:+.4f})"

    @property
    def costs(self) -> bool:
        """Whether its loss is told from noise."""
        return self.low > 0


def find(result: Result, name: str, order: str = "none") -> Point | None:
    """The point of a format and an order, or None where it was not swept."""
    for at, point in enumerate(result.notes["points"]):
        if point["id"] == name and point["order"] == order:
            return _point(result, at)
    return None


def _point(result: Result, at: int) -> Point:
    losses = ("delta_nll", "delta_nll_low", "delta_nll_high")
    names = (*losses, "bits_key", "kl_mean", "relative_rmse_key")
    return Point(*(float(result.array(name)[at]) for name in names))


def beside(one: Point, other: Point) -> str:
    """Whether ``one`` loses less than ``other``: beyond noise only where intervals part."""
    if one.high < other.low:
        return "less than without, beyond noise"
    if one.low > other.high:
        return "more than without, beyond noise"
    word = "less" if one.loss < other.loss else "no less"
    return f"{word} than without, and the intervals meet: not told from noise"


def gains(pairs: list[tuple[Point, Point]]) -> Standing:
    """Whether the first of all, of some or of no pair loses less beyond noise."""
    clear = [one.high < other.low for one, other in pairs]
    return "holds" if all(clear) else "partly" if any(clear) else "not here"


def both(one: bool, other: bool) -> Standing:
    """What stands where a statement has two halves."""
    return "holds" if one and other else "partly" if one or other else "not here"


def noise(point: Point) -> str:
    """Whether a point's loss is told from noise, in words."""
    return "a loss beyond noise" if point.costs else "no loss beyond noise"
