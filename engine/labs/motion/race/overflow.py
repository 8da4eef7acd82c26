"""The short form of the scan that overflows: shown here, and a back end nowhere.

Within a chunk the recurrence ``h[t] = a[t] h[t-1] + x[t]`` can be written with one running sum,
``S[t] = sum of dt A``: ``h[t] = exp(S[t]) (h[-1] + sum of x[s] exp(-S[s]))``. The division by
``exp(S[s])`` is where it breaks: S only falls, and float32 ends at exp(88.7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

LARGEST_EXPONENT = float(np.log(np.finfo(np.float32).max))
WHOLE = 0
CHUNKS = (4, 16, WHOLE)
CHANNELS, STATES = 8, 16


@dataclass(frozen=True, eq=False)
class Shown:
    """Errors and exponents of the short form, for every size of chunk.

    ``error`` (length,) of each chunk size is the largest distance to the float64 recurrence over
    channels, as a share of its largest output; NaN and infinity stay. ``exponent`` (length,) is
    the largest ``-S`` of a chunk so far. ``step`` is the error of the step by step recurrence in
    float32. ``first`` has the first frame that is no finite number, None where all are.
    """

    error: Mapping[int, np.ndarray]
    exponent: Mapping[int, np.ndarray]
    step: np.ndarray
    first: Mapping[int, int | None]
    length: int
    dt_max: float


def show_overflow(dt_max: float, length: int = 1024, seed: int = 0) -> Shown:
    """The short form in float32 with chunks of 4, 16 and the whole sequence.

    Steps are uniform up to ``dt_max``, rates -1 to -16, one for each of 16 states; 8 channels.
    """
    draw = np.random.default_rng(seed)
    dt = draw.uniform(0, dt_max, (length, CHANNELS))
    u = draw.normal(size=(length, CHANNELS))
    B, C = draw.normal(size=(2, length, STATES))
    power = dt[..., None] * -np.arange(1.0, STATES + 1)  # l d n
    write = (dt * u)[..., None] * B[:, None]
    exact = _read(recurrence(power, write), C)
    scale = np.abs(exact).max()
    small = power.astype(np.float32), write.astype(np.float32)
    reading = C.astype(np.float32)

    def apart(states: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.abs(_read(states, reading) - exact).max(-1) / scale

    error = {size: apart(short_form(*small, size)) for size in CHUNKS}
    broken = {size: np.flatnonzero(~np.isfinite(values)) for size, values in error.items()}
    return Shown(
        error,
        {size: exponents(power, size) for size in CHUNKS},
        apart(recurrence(*small)),
        {size: int(at[0]) if len(at) else None for size, at in broken.items()},
        length,
        dt_max,
    )


def recurrence(power: np.ndarray, write: np.ndarray) -> np.ndarray:
    """Every state (length, channels, states), step by step, in the dtype of ``power``."""
    decay, h = np.exp(power), np.zeros_like(write[0])
    states = np.empty_like(write)
    for t in range(len(write)):
        h = decay[t] * h + write[t]
        states[t] = h
    return states


def short_form(power: np.ndarray, write: np.ndarray, chunk: int) -> np.ndarray:
    """The same by running sums within chunks of ``chunk`` steps, 0 for one chunk of all."""
    size = chunk or len(write)
    states, h = np.empty_like(write), np.zeros_like(write[0])
    with np.errstate(all="ignore"):
        for start in range(0, len(write), size):
            part = slice(start, start + size)
            so_far = np.cumsum(power[part], axis=0)
            states[part] = np.exp(so_far) * (h + np.cumsum(write[part] * np.exp(-so_far), axis=0))
            h = states[part][-1]
    return states


def exponents(power: np.ndarray, chunk: int) -> np.ndarray:
    """The largest exponent that a chunk has asked of ``exp`` so far (length,)."""
    size = chunk or len(power)
    found = np.empty(len(power))
    for start in range(0, len(power), size):
        part = slice(start, start + size)
        found[part] = -np.cumsum(power[part], axis=0).min((1, 2))
    return found


def _read(states: np.ndarray, reading: np.ndarray) -> np.ndarray:
    return np.einsum("ldn,ln->ld", states, reading)
