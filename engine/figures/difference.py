"""B - A of one field of two results: a line, or cells on a scale centred at zero."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.difference import FieldDifference
from engine.figures.axes import axis, number
from engine.figures.heatmap import heatmap, reduce_blocks
from engine.figures.lines import Series, lines
from engine.figures.palette import Palette

MAX_PLACES = 4096


def draw_difference(
    field: FieldDifference, palette: Palette, *, shown_as: str = ""
) -> go.Figure | None:
    """The difference as a figure; None for a field that is one number.

    One axis makes a line over its positions, two make a heatmap with row 0 on top. With more axes
    the two longest stay and each cell is the difference of largest magnitude, sign kept, over the
    others; long lines are reduced in the same way, and the subtitle says so. ``shown_as`` is what
    to call the field.
    """
    name = shown_as or named(field.name)
    if not field.axes:
        return None
    alt = describe_difference(field, shown_as=name)
    title, what = f"B - A: {name}", "B - A"
    if len(field.axes) == 1:
        return _line(field, palette, title, alt)
    values, (row, column), gone = _two_axes(field)
    note = ""
    if gone:
        note = f"Each cell: the largest difference, with its sign, over {' and '.join(gone)}"
    return heatmap(
        values,
        palette,
        title=title,
        x=axis(named(column)),
        y=axis(named(row)),
        value=what,
        unit=field.unit,
        diverging=True,
        reduce="max",
        subtitle=note or None,
        alt=alt,
    )


def describe_difference(field: FieldDifference, *, shown_as: str = "") -> str:
    """What the figure shows, in one or two sentences."""
    name = shown_as or named(field.name)
    if field.share == 0:
        return f"{name} is the same in A and B."
    count = f"{100 * field.share:.3g} % of the values of {name} differ"
    if field.at is None:
        return f"{count}; none of them is a number in both."
    unit = "" if field.unit == "1" else f" {field.unit}"
    place = ", ".join(
        f"{named(axis).lower()} {at}" for axis, at in zip(field.axes, field.at, strict=True)
    )
    where = f" (at {place})" if place else ""
    return (
        f"{count}. The largest difference B - A is {number(field.largest)}{unit}{where}, the mean "
        f"of |B - A| is {number(field.mean)}{unit}."
    )


def named(name: str) -> str:
    """``named("part_ns") == "Part ns"``: a field's or axis's name as a title."""
    words = name.replace("_", " ").strip() or "value"
    return words[:1].upper() + words[1:]


def _line(field: FieldDifference, palette: Palette, title: str, alt: str) -> go.Figure:
    merged, (_, block) = reduce_blocks(field.values[None], MAX_PLACES, "max")
    subtitle = None
    if block > 1:
        subtitle = f"Each point: the largest difference, with its sign, of {block} positions"
    places = np.arange(merged.shape[1]) * block + (block - 1) / 2
    return lines(
        [Series("B - A", places, merged[0])],
        palette,
        title=title,
        x=axis(named(field.axes[0])),
        y=axis("B - A", field.unit),
        level=(0.0, "no difference"),
        subtitle=subtitle,
        alt=alt,
    )


def _two_axes(field: FieldDifference) -> tuple[np.ndarray, tuple[str, str], list[str]]:
    """The two longest axes in their order, the cells over them, and the axes that went."""
    shape = field.values.shape
    longest = sorted(range(len(shape)), key=lambda i: (-shape[i], i))[:2]
    first, second = sorted(longest)
    gone = [i for i in range(len(shape)) if i not in (first, second)]
    cells = np.moveaxis(field.values, (first, second), (0, 1))
    cells = cells.reshape(shape[first], shape[second], -1)  # row column rest
    sizes = np.where(np.isfinite(cells), np.abs(cells), -1.0)
    chosen = np.take_along_axis(cells, sizes.argmax(-1)[..., None], -1)[..., 0]
    names = (field.axes[first], field.axes[second])
    return chosen, names, [named(field.axes[i]).lower() for i in gone]
