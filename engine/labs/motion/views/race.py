"""The race as figures: times over length, times over the chosen back end's, and tables."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Axis, Palette, Point, Series, axis, lines, scatter
from engine.labs.motion.race.published import POINTS
from engine.labs.motion.views.race_words import (
    MODES,
    TITLES,
    describe_growth,
    describe_ratios,
    grown,
    of_chosen,
)


def medians(result: Result, mode: str) -> np.ndarray:
    """Seconds (contestant, length) of the typical repeat; NaN where a cell was left out."""
    return np.median(_seconds(result, mode), axis=-1)


def draw_times(result: Result, palette: Palette, mode: str) -> go.Figure:
    """Milliseconds of every contestant over the length, both logarithmic."""
    return _draw(
        result,
        palette,
        1e3 * _seconds(result, mode),
        title=f"CPU time, {MODES[mode]}",
        y=axis("CPU time of a call", "ms", log=True),
        alt=describe_growth(result, mode)[0],
    )


def draw_ratios(result: Result, palette: Palette, mode: str) -> go.Figure:
    """How many times as long as the chosen back end, in the same round of the same run."""
    return _draw(
        result,
        palette,
        of_chosen(result, mode),
        title=f"Over the chosen back end, {MODES[mode]}",
        y=axis("Times the chosen back end", log=True),
        alt=describe_ratios(result, mode),
    )


def _draw(
    result: Result, palette: Palette, values: np.ndarray, *, title: str, y: Axis, alt: str
) -> go.Figure:
    """``values`` (contestant, length, repeat): the median with the least and the greatest."""
    length = result.array("length")
    series = []
    for at, name in enumerate(result.notes["contestants"]):
        held = np.isfinite(values[at]).all(-1)
        if held.any():
            one = values[at, held]
            series.append(
                Series(TITLES[name], length[held], np.median(one, -1), one.min(-1), one.max(-1), at)
            )
    repeats = values.shape[-1]
    figure = lines(
        series,
        palette,
        title=title,
        x=axis("Length of the sequence", "frames", log=True),
        y=y,
        band=f"least and greatest of {repeats} repeats",
        alt=alt,
        height=430,
    )
    return figure.update_xaxes(tickvals=length, ticktext=[f"{n:,}" for n in length])


def time_table(result: Result) -> dict[str, list[object]]:
    """A row a cell: median, least and greatest, and the median ratio to the chosen one."""
    rows: dict[str, list[object]] = {
        "passes": [], "contestant": [], "frames": [], "median [ms]": [], "least [ms]": [],
        "greatest [ms]": [], "times the chosen": [],
    }  # fmt: skip
    for mode in MODES:
        seconds, ratio = 1e3 * _seconds(result, mode), of_chosen(result, mode)
        for at, name in enumerate(result.notes["contestants"]):
            for place, length in enumerate(result.array("length").tolist()):
                one = seconds[at, place]
                values = (float(np.median(one)), float(one.min()), float(one.max()))
                told = (MODES[mode], TITLES[name], length, *values)
                for key, value in zip(rows, (*told, float(np.median(ratio[at, place]))),
                                      strict=True):  # fmt: skip
                    rows[key].append(value)
    return rows


def slope_table(result: Result, mode: str) -> dict[str, list[str]]:
    """The exponent of each contestant with its interval, and what that says."""
    slopes = result.array("slope")[list(MODES).index(mode)]
    rows: dict[str, list[str]] = {
        "contestant": [],
        "exponent": [],
        "95 % interval": [],
        "grows": [],
    }
    for name, (slope, low, high) in zip(result.notes["contestants"], slopes, strict=True):
        known = np.isfinite(slope)
        rows["contestant"].append(TITLES[name])
        rows["exponent"].append(f"{slope:.2f}" if known else "not known")
        rows["95 % interval"].append(f"{low:.2f} to {high:.2f}" if known else "")
        rows["grows"].append(grown(slope, low, high))
    return rows


def draw_published(palette: Palette) -> go.Figure:
    """Motion Mamba's table of seconds against FID; none of it was measured here."""
    points = [Point(p.seconds, p.fid, p.method, _family(p.method), p.method) for p in POINTS]
    ours = next(p for p in POINTS if p.method == "Motion Mamba")
    faster = sum(p.seconds < ours.seconds for p in POINTS)
    return scatter(
        points,
        palette,
        title="Published: time against FID on HumanML3D",
        x=axis("Mean time of a sentence on one V100", "s", log=True),
        y=axis("FID", log=True),
        names=True,
        alt=f"In the paper's own table Motion Mamba has the lowest FID, {ours.fid:g}, at "
        f"{ours.seconds:g} s a sentence; {faster} of the {len(POINTS) - 1} others are faster.",
        height=400,
    )


def _family(method: str) -> str:
    return method if method == "Motion Mamba" else "others"


def _seconds(result: Result, mode: str) -> np.ndarray:
    return result.array("seconds")[list(MODES).index(mode)]
