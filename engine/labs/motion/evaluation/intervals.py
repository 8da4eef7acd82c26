"""Intervals of a share that was counted."""

from __future__ import annotations

import math

Z = 1.959963984540054  # the 97.5 % quantile of the normal distribution


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share of ``trials`` (Wilson 1927); 0 to 1 where there were none.

    Unlike the usual one it does not shrink to a point where all or none are hits.
    """
    if not trials:
        return 0.0, 1.0
    share, square = hits / trials, Z * Z
    over = 1 + square / trials
    middle = (share + square / (2 * trials)) / over
    reach = Z / over * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)
