"""One field of two results as it is: two lines in one figure, or cells on one scale."""

from __future__ import annotations

import warnings

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Field
from engine.figures.axes import axis, number
from engine.figures.difference import MAX_PLACES, named
from engine.figures.heatmap import heatmap, reduce_blocks
from engine.figures.lines import Series, lines
from engine.figures.palette import Palette


def draw_both(a: Field, b: Field, palette: Palette, *, name: str) -> tuple[go.Figure, ...]:
    """A and B of the field ``name``, which have the same axes; nothing for one number.

    One axis makes one figure with both lines. More make a heatmap each, row 0 on top, on one scale
    for both; over all but the two longest axes a cell is the mean. Long lines are means, too, and
    the subtitles say so.
    """
    if not a.axes:
        return ()
    if len(a.axes) == 1:
        return (_two_lines(a, b, palette, name),)
    found = [_cells(field) for field in (a, b)]
    low, high, diverging = _scale([cells for cells, _, _ in found])
    return tuple(
        heatmap(
            cells,
            palette,
            title=f"{letter}: {named(name)}",
            x=axis(named(column)),
            y=axis(named(row)),
            value=letter,
            unit=field.unit,
            diverging=diverging,
            limits=(low, high),
            reduce="mean",
            subtitle=f"Each cell: the mean over {' and '.join(gone)}" if gone else None,
            alt=describe_values(field, letter),
        )
        for letter, field, (cells, (row, column), gone) in zip("AB", (a, b), found, strict=True)
    )


def describe_values(field: Field, letter: str) -> str:
    """``A: 0.1 to 3.2 nat, mean 1.4``: the range and the mean of what is a number."""
    values = field.array.astype(np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return f"{letter} holds no number."
    unit = "" if field.unit == "1" else f" {field.unit}"
    low, high, mean = (number(float(one)) for one in (values.min(), values.max(), values.mean()))
    return f"{letter}: {low} to {high}{unit}, mean {mean}."


def _two_lines(a: Field, b: Field, palette: Palette, name: str) -> go.Figure:
    series, subtitle = [], None
    for letter, field in zip("AB", (a, b), strict=True):
        values = _numbers(field)[None]
        merged, (_, block) = reduce_blocks(values, MAX_PLACES, "mean")
        if block > 1:
            subtitle = f"Each point: the mean of {block} positions"
        places = np.arange(merged.shape[1]) * block + (block - 1) / 2
        series.append(Series(letter, places, merged[0]))
    return lines(
        series,
        palette,
        title=f"A and B: {named(name)}",
        x=axis(named(a.axes[0])),
        y=axis(named(name), a.unit),
        subtitle=subtitle,
        alt=" ".join(describe_values(field, letter) for letter, field in (("A", a), ("B", b))),
    )


def _numbers(field: Field) -> np.ndarray:
    values = field.array.astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _cells(field: Field) -> tuple[np.ndarray, tuple[str, str], list[str]]:
    """The two longest axes in their order, the mean over the others, and the axes that went."""
    shape = field.array.shape
    longest = sorted(range(len(shape)), key=lambda i: (-shape[i], i))[:2]
    first, second = sorted(longest)
    gone = tuple(i for i in range(len(shape)) if i not in (first, second))
    values = _numbers(field)
    if gone:
        with warnings.catch_warnings():
            # A cell without any number stays empty.
            warnings.simplefilter("ignore", RuntimeWarning)
            values = np.nanmean(values, axis=gone)
    names = (field.axes[first], field.axes[second])
    return values, names, [named(field.axes[i]).lower() for i in gone]


def _scale(cells: list[np.ndarray]) -> tuple[float, float, bool]:
    """Limits that hold both, and whether they lie around zero."""
    known = np.concatenate([one[np.isfinite(one)] for one in cells])
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if low < 0 < high:
        most = max(-low, high)
        return -most, most, True
    return low, high if high > low else low + 1.0, False
