"""One block of numbers on the grid of a format: what it was, what is kept, what is lost."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core import BadInput
from engine.figures.axes import AxisLike, as_axis, compose, numbers
from engine.figures.palette import Palette

MAX_GRID = 256


def stems(
    values: object,
    rounded: object,
    palette: Palette,
    *,
    title: str,
    x: AxisLike,
    y: AxisLike,
    grid: object | None = None,
    subtitle: str | None = None,
    alt: str | None = None,
    height: int = 360,
) -> go.Figure:
    """Values [n] as open circles, their rounded twins [n] as stems from zero.

    Values that a coarse grid turned into zero are crosses, so that shape says it as well as
    colour. ``grid`` holds the representable numbers, drawn as faint lines (at most 256).
    """
    exact, kept = numbers(values, "values"), numbers(rounded, "rounded")
    if exact.shape != kept.shape or not exact.size:
        raise BadInput("rounded", f"needs {exact.size} numbers, one for each value")
    figure = compose(
        palette, title=title, x=as_axis(x), y=as_axis(y), subtitle=subtitle, alt=alt, height=height
    )
    at = np.arange(exact.size)
    if grid is not None:
        codes = numbers(grid, "grid")
        if codes.size > MAX_GRID:
            raise BadInput("grid", f"{codes.size} lines are more than {MAX_GRID}")
        figure.add_scatter(
            x=np.ravel([[-0.5, exact.size - 0.5, np.nan]] * codes.size),
            y=np.repeat(codes, 3),
            mode="lines",
            line={"color": palette.grid, "width": 1},
            hoverinfo="skip",
            name="representable",
        )
    figure.add_scatter(
        x=np.repeat(at, 3),
        y=np.ravel(np.stack([np.zeros_like(kept), kept, np.full_like(kept, np.nan)], 1)),
        mode="lines",
        line={"color": palette.category(0), "width": 2},
        hoverinfo="skip",
        showlegend=False,
    )
    zeroed = (kept == 0) & (exact != 0)
    for name, mask, symbol, colour, held in (
        ("exact", ~zeroed, "circle-open", palette.ink, exact),
        ("kept", ~zeroed, "diamond", palette.category(0), kept),
        ("rounded to zero", zeroed, "x", palette.bad.colour, exact),
    ):
        figure.add_scatter(
            x=at[mask],
            y=held[mask],
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": 8, "color": colour},
            hovertemplate="%{x}: <b>%{y:.4g}</b><extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(range=[-0.75, exact.size - 0.25], showgrid=False)
    figure.update_yaxes(zeroline=True, zerolinecolor=palette.muted, showgrid=grid is None)
    return figure
