"""Where the short form of the scan breaks: its error, and the exponent that it asks for."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.figures import Event, Palette, Series, axis, lines
from engine.labs.motion.race.overflow import LARGEST_EXPONENT, WHOLE, Shown

STEP = "step by step"
# Below this share two numbers of single precision are the same; a logarithm needs a floor.
FLOOR = 1e-9
ROOM = 3.0  # above the largest error, for the label of an event


def chunk_name(size: int) -> str:
    """How a chunk size is called."""
    return "all in one chunk" if size == WHOLE else f"chunks of {size}"


def describe_overflow(shown: Shown) -> str:
    """Which chunk sizes end in no number, from where, and what the others' errors are."""
    broken = [
        f"{chunk_name(size)} from frame {first:,}"
        for size, first in shown.first.items()
        if first is not None
    ]
    whole = [
        f"{chunk_name(size)} {np.nanmax(shown.error[size]):.1g}"
        for size, first in shown.first.items()
        if first is None
    ]
    start = f"Steps up to {shown.dt_max:g}, float32, {shown.length:,} frames: "
    parts = []
    if broken:
        parts.append(f"no finite number with {' and '.join(broken)}")
    if whole:
        parts.append(f"largest error with {', '.join(whole)}")
    parts.append(f"{STEP} {shown.step.max():.1g}")
    return f"{start}{'; '.join(parts)}, as a share of the largest output."


def draw_errors(shown: Shown, palette: Palette) -> go.Figure:
    """Error over the frames; a line ends where no number is left."""
    frames = np.arange(shown.length)
    series = []
    for at, (size, error) in enumerate(shown.error.items()):
        end = shown.first[size]
        series.append(Series(chunk_name(size), frames[:end], _so_far(error[:end]), category=at + 1))
    series.append(Series(STEP, frames, _so_far(shown.step), category=0))
    drawn = np.concatenate([np.asarray(one.y) for one in series])
    return lines(
        series,
        palette,
        title="Error against the float64 recurrence",
        x=axis("Frame"),
        y=axis(
            "Largest error so far, over the largest output",
            log=True,
            limits=(0.7 * float(drawn.min()), ROOM * float(drawn.max())),
        ),
        events=_first_events(shown),
        alt=describe_overflow(shown),
        height=340,
    )


def draw_exponents(shown: Shown, palette: Palette) -> go.Figure:
    """The exponent that the short form asks for, against the end of float32."""
    frames = np.arange(shown.length)
    worst = {size: float(values.max()) for size, values in shown.exponent.items()}
    over = [chunk_name(size) for size, most in worst.items() if most > LARGEST_EXPONENT]
    return lines(
        [
            Series(chunk_name(size), frames, np.maximum.accumulate(values), category=at + 1)
            for at, (size, values) in enumerate(shown.exponent.items())
        ],
        palette,
        title="Exponent of the division",
        x=axis("Frame"),
        y=axis("Largest exponent so far", log=True),
        level=(LARGEST_EXPONENT, f"float32 ends at {LARGEST_EXPONENT:.1f}"),
        alt=f"Past {LARGEST_EXPONENT:.1f}: {', '.join(over) if over else 'none'}.",
        height=340,
    )


def overflow_table(shown: Shown) -> dict[str, np.ndarray]:
    """A row a frame: errors and exponents of every chunk size."""
    table = {"frame": np.arange(shown.length), f"error, {STEP}": shown.step}
    for size, error in shown.error.items():
        table[f"error, {chunk_name(size)}"] = error
        table[f"exponent, {chunk_name(size)}"] = shown.exponent[size]
    return table


def _so_far(error: np.ndarray) -> np.ndarray:
    return np.maximum.accumulate(np.maximum(error, FLOOR))


def _first_events(shown: Shown) -> list[Event]:
    places: dict[int, list[str]] = {}
    for size, first in shown.first.items():
        if first is not None:
            places.setdefault(first, []).append(chunk_name(size))
    return [Event(frame, f"no number: {', '.join(names)}") for frame, names in places.items()]
