"""Heatmaps of matrices: few bytes, true units, missing cells left empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from engine.core import BadInput
from engine.figures.axes import (
    Axis,
    AxisLike,
    as_axis,
    compose,
    escape,
    labels_for,
    number,
    numbers,
    set_unit,
    thin,
    ticks,
)
from engine.figures.palette import Palette, translucent

MAX_CELLS = 2**18
_MISSING = 255  # codes 0..254 span the colour scale
Reduce = Literal["max", "mean"]


def heatmap(
    values: object,
    palette: Palette,
    *,
    title: str,
    x: AxisLike,
    y: AxisLike,
    value: str = "Value",
    unit: str = "1",
    x_labels: Sequence[str] | None = None,
    y_labels: Sequence[str] | None = None,
    diverging: bool = False,
    log: bool = False,
    limits: tuple[float, float] | None = None,
    reduce: Reduce | None = None,
    boundaries: tuple[Sequence[int], Sequence[int]] | None = None,
    selected: tuple[int, int] | None = None,
    subtitle: str | None = None,
    alt: str | None = None,
    height: int = 420,
) -> go.Figure:
    """A matrix as coloured cells, row 0 on top.

    ``values`` is [rows, columns]; NaN and infinite cells stay empty. ``value`` and ``unit`` name
    what the colour shows. ``boundaries`` are (rows, columns) before which a block line is drawn,
    ``selected`` a (row, column) to mark. ``log`` needs positive limits; cells at or below zero
    stay empty. ``diverging`` centres the scale at zero. More than 2**18 cells are refused unless
    ``reduce`` is "max" (largest magnitude of each block, sign kept) or "mean"; the subtitle then
    says so. Cells are sent as 8-bit codes; hovering shows the value as float32.

    Raises BadInput for a wrong shape, too many cells, or limits that cannot be drawn.
    """
    array = numbers(values, "values", 2)
    rows, columns = array.shape
    if not array.size:
        raise BadInput("values", "must hold at least one cell")
    x_axis, y_axis = as_axis(x), as_axis(y)
    block = (1, 1)
    if array.size > MAX_CELLS:
        if reduce is None:
            raise BadInput(
                "values",
                f"{rows} x {columns} cells are more than {MAX_CELLS}; say how to reduce blocks",
            )
        array, block = reduce_blocks(array, MAX_CELLS, reduce)
        word = "largest magnitude" if reduce == "max" else "mean"
        note = f"each cell is the {word} of {block[0]} x {block[1]} values"
        subtitle = f"{subtitle}; {note}" if subtitle else note[:1].upper() + note[1:]
    low, high = scale_limits(array, diverging=diverging, log=log, limits=limits)
    codes = quantise(array, low, high, log=log)

    figure = compose(
        palette, title=title, x=x_axis, y=y_axis, subtitle=subtitle, alt=alt, height=height
    )
    x_at = _centres(codes.shape[1], block[1])
    y_at = _centres(codes.shape[0], block[0])
    scale = palette.colorscale("diverging" if diverging else "sequential")
    figure.add_heatmap(
        z=codes,
        x=x_at,
        y=y_at,
        zmin=0,
        zmax=_MISSING,
        colorscale=[*((i * 254 / 255, colour) for i, colour in scale), (1, "rgba(0,0,0,0)")],
        customdata=array.astype(np.float32),
        colorbar=colour_bar(value, unit, low, high, log=log),
        hovertemplate=_hover(x_axis, y_axis, value, unit),
    )
    set_unit(figure, "colorbar", unit)
    _label(figure, "x", columns, x_labels)
    _label(figure, "y", rows, y_labels)
    figure.update_xaxes(range=[-0.5, columns - 0.5], showgrid=False, constrain="domain")
    figure.update_yaxes(range=[rows - 0.5, -0.5], showgrid=False, constrain="domain")
    if boundaries is not None:
        _draw_boundaries(figure, palette, boundaries, rows, columns)
    if selected is not None:
        _mark(figure, palette, *selected)
    return figure


def reduce_blocks(
    values: np.ndarray, most: int, reduce: Reduce
) -> tuple[np.ndarray, tuple[int, int]]:
    """Merge equal blocks until at most ``most`` cells remain; also gives the block's shape.

    NaN counts for nothing; a block of NaN alone stays NaN. The last blocks may be smaller.
    """
    rows, columns = values.shape
    block = [1, 1]
    while -(-rows // block[0]) * -(-columns // block[1]) > most:
        sizes = -(-rows // block[0]), -(-columns // block[1])
        block[0 if sizes[0] >= sizes[1] else 1] *= 2
    tall, wide = block
    padded = np.full((-(-rows // tall) * tall, -(-columns // wide) * wide), np.nan)
    padded[:rows, :columns] = values
    blocks = padded.reshape(padded.shape[0] // tall, tall, -1, wide).swapaxes(1, 2)
    flat = blocks.reshape(*blocks.shape[:2], tall * wide)  # r c block
    held = np.isfinite(flat)
    filled = np.where(held, flat, 0)
    if reduce == "max":
        at = np.abs(filled).argmax(-1)
        merged = np.take_along_axis(filled, at[..., None], -1)[..., 0]
    else:
        merged = filled.sum(-1) / np.maximum(held.sum(-1), 1)
    return np.where(held.any(-1), merged, np.nan), (tall, wide)


def scale_limits(
    values: np.ndarray,
    *,
    diverging: bool = False,
    log: bool = False,
    limits: tuple[float, float] | None = None,
) -> tuple[float, float]:
    """The ends of the colour scale: the given ones, else those of the drawable values.

    A diverging scale is symmetric about zero. Raises BadInput when nothing can be drawn.
    """
    if limits is not None:
        low, high = (float(limit) for limit in limits)
        if not (np.isfinite([low, high]).all() and low < high):
            raise BadInput("limits", f"must rise and be finite, not {low:g} to {high:g}")
    else:
        usable = values[np.isfinite(values)]
        if log:
            usable = usable[usable > 0]
        if not usable.size:
            return (0.1, 1.0) if log else (-1.0, 1.0) if diverging else (0.0, 1.0)
        low, high = float(usable.min()), float(usable.max())
    if log:
        if low <= 0:
            raise BadInput("limits", f"a logarithmic scale starts above zero, not at {low:g}")
        return (low, high) if high > low else (low / 2, low * 2)
    if diverging:
        reach = max(abs(low), abs(high)) or 1.0
        return -reach, reach
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def quantise(values: np.ndarray, low: float, high: float, *, log: bool = False) -> np.ndarray:
    """Positions on the colour scale as uint8: 0..254, and 255 for a cell without a value."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if log:
            position = (np.log(values) - np.log(low)) / (np.log(high) - np.log(low))
            held = np.isfinite(values) & (values > 0)
        else:
            position = (values - low) / (high - low)
            held = np.isfinite(values)
        codes = np.rint(np.clip(position, 0, 1) * (_MISSING - 1))
    return np.where(held, codes, _MISSING).astype(np.uint8)


def scale_ticks(low: float, high: float, *, log: bool = False) -> tuple[list[float], list[str]]:
    """Positions 0..1 along the colour scale and their texts in true units."""
    at = ticks(low, high, log=log)
    lows, highs = (np.log(low), np.log(high)) if log else (low, high)
    places = [((np.log(t) if log else t) - lows) / (highs - lows) for t in at]
    return [float(place) for place in places], [number(t) for t in at]


def colour_bar(value: str, unit: str, low: float, high: float, *, log: bool) -> dict[str, Any]:
    """Settings of a colour bar for codes 0..254, with ticks in true units."""
    places, texts = scale_ticks(low, high, log=log)
    return {
        "title": {"text": Axis(value, unit, log).text, "side": "right", "font": {"size": 12}},
        "tickvals": [place * (_MISSING - 1) for place in places],
        "ticktext": texts,
        "thickness": 12,
        "outlinewidth": 0,
        "ticks": "",
    }


def _centres(count: int, block: int) -> np.ndarray:
    return (np.arange(count) * block + (block - 1) / 2).astype(np.float32)


def _hover(x: Axis, y: Axis, value: str, unit: str) -> str:
    suffix = "" if unit == "1" else f" {escape(unit)}"
    return (
        f"{escape(y.title)} %{{y:.0f}}, {escape(x.title)} %{{x:.0f}}<br>"
        f"<b>{escape(value)} %{{customdata:.4g}}{suffix}</b><extra></extra>"
    )


def _label(figure: go.Figure, which: str, count: int, labels: Sequence[str] | None) -> None:
    if labels is None:
        return
    names = labels_for(count, labels, f"{which}_labels")
    at = list(thin(count))
    figure.update_layout(
        {f"{which}axis": {"tickvals": at, "ticktext": [names[i] for i in at], "tickmode": "array"}}
    )


def _draw_boundaries(
    figure: go.Figure,
    palette: Palette,
    boundaries: tuple[Sequence[int], Sequence[int]],
    rows: int,
    columns: int,
) -> None:
    # One trace for all lines: hundreds of layout shapes would make the page slow.
    xs: list[float | None] = []
    ys: list[float | None] = []
    for row in boundaries[0]:
        xs += [-0.5, columns - 0.5, None]
        ys += [row - 0.5, row - 0.5, None]
    for column in boundaries[1]:
        xs += [column - 0.5, column - 0.5, None]
        ys += [-0.5, rows - 0.5, None]
    figure.add_scatter(
        x=xs,
        y=ys,
        mode="lines",
        line={"color": translucent(palette.ink, 0.4), "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )


def _mark(figure: go.Figure, palette: Palette, row: int, column: int) -> None:
    for colour, width in ((palette.paper, 5), (palette.accent, 2.5)):
        figure.add_shape(
            type="rect",
            x0=column - 0.5,
            x1=column + 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"color": colour, "width": width},
        )
