"""Curves through key values in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def ease(share: np.ndarray) -> np.ndarray:
    """From 0 to 1 with the least jerk: how a hand moves between two rests (Flash & Hogan 1985)."""
    inside = np.clip(share, 0, 1)
    return inside**3 * (10 - 15 * inside + 6 * inside**2)


def through(
    times: ArrayLike, values: ArrayLike | Sequence[ArrayLike], at: np.ndarray
) -> np.ndarray:
    """The curve that rests at each of the ``values`` (n, ...) at its time, at ``at`` (frames,)."""
    given, marks = np.asarray(values, dtype=float), np.asarray(times, dtype=float)
    made = np.repeat(given[:1], len(at), axis=0)
    for place in range(1, len(marks)):
        share = ease((at - marks[place - 1]) / (marks[place] - marks[place - 1]))
        made += share.reshape(-1, *[1] * (given.ndim - 1)) * (given[place] - given[place - 1])
    return made


def thrown(
    times: Sequence[float], values: Sequence[float], speeds: Sequence[float], at: np.ndarray
) -> np.ndarray:
    """The curve with given values and speeds at its times: cubic between two of them."""
    last = np.clip(np.searchsorted(times, at, side="right"), 1, len(times) - 1)
    t, y, v = (np.asarray(one, dtype=float) for one in (times, values, speeds))
    long = t[last] - t[last - 1]
    u = np.clip((at - t[last - 1]) / long, 0, 1)
    return (
        (1 + 2 * u) * (1 - u) ** 2 * y[last - 1]
        + u * (1 - u) ** 2 * long * v[last - 1]
        + u**2 * (3 - 2 * u) * y[last]
        - u**2 * (1 - u) * long * v[last]
    )
