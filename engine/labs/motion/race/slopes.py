"""How cost grows with length: the exponent, by least squares on logarithms."""

from __future__ import annotations

import numpy as np
from scipy.stats import t as student

# Below it the price of starting a call is a large part of its time.
FIT_FROM = 512
LEAST_POINTS = 3
LEVEL = 0.95


def fit_slope(lengths: np.ndarray, seconds: np.ndarray) -> tuple[float, float, float]:
    """The exponent of ``seconds`` (n,) in ``lengths`` (n,), and its 95 % interval.

    Ordinary least squares of logarithms with Student's t; a time of NaN does not count. NaN where
    fewer than three are left.
    """
    held = np.isfinite(seconds) & (seconds > 0)
    x, y = np.log(lengths[held]), np.log(seconds[held])
    if len(x) < LEAST_POINTS:
        return float("nan"), float("nan"), float("nan")
    apart = x - x.mean()
    over = float((apart**2).sum())
    slope = float((apart * y).sum() / over)
    rest = y - y.mean() - slope * apart
    error = np.sqrt(float((rest**2).sum()) / (len(x) - 2) / over)
    reach = float(student.ppf(0.5 + LEVEL / 2, len(x) - 2)) * error
    return slope, slope - reach, slope + reach
