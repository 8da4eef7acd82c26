"""Points of models before published ranges: ours beside theirs, without a single bar of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from engine.core.claims import Standing
from engine.figures import Palette, axis
from engine.figures.axes import compose, escape
from engine.figures.palette import SYMBOLS, translucent
from engine.labs.memory_hardware.published import Band


@dataclass(frozen=True)
class Shown:
    """A published range, what the legend calls it, and which colour it has."""

    band: Band
    words: str
    slot: int = 6


def ends(values: np.ndarray) -> str:
    """The least and the most of some ratios."""
    low, high = (
        f"{value:.3g}" if value < 1000 else f"{value:.0f}" for value in (values.min(), values.max())
    )
    return f"{low}-{high}x"


def distance(values: np.ndarray, band: Band) -> str:
    """Both ends of a range beside the published ones, in words."""
    low, high = values.min() / band.low, values.max() / band.high
    return f"Our lower end is {_times(low)} and our upper end {_times(high)}."


def inside(values: np.ndarray, band: Band) -> Standing:
    """Whether all of a range, some or nothing of it lies in the published one."""
    if values.max() < band.low or values.min() > band.high:
        return "not here"
    return "holds" if band.low <= values.min() and values.max() <= band.high else "partly"


def _times(ratio: float) -> str:
    if abs(ratio - 1) < 0.005:
        return "the published one"
    return f"{100 * abs(ratio - 1):.0f} % {'above' if ratio > 1 else 'below'} the published one"


def draw_points(
    models: Sequence[str],
    groups: Mapping[str, np.ndarray],
    shown: Sequence[Shown],
    palette: Palette,
    *,
    title: str,
    subtitle: str,
    value: str,
    alt: str,
) -> go.Figure:
    """A point for each model [n] and group (name -> ratios [n]), the ranges behind them."""
    figure = compose(
        palette, title=title, subtitle=subtitle, x=axis("Model"), y=axis(value, "x"), alt=alt,
        height=400 + 20 * len(shown),
    )  # fmt: skip
    left, right = -0.5, len(models) - 0.5
    for one in shown:
        figure.add_scatter(
            x=[left, right, right, left],
            y=[one.band.high, one.band.high, one.band.low, one.band.low],
            fill="toself",
            fillcolor=translucent(palette.category(one.slot), 0.2),
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            name=escape(one.words),
        )
    for i, (name, values) in enumerate(groups.items()):
        figure.add_scatter(
            x=np.arange(len(models)) + 0.24 * (i - (len(groups) - 1) / 2),
            y=values,
            mode="markers",
            name=escape(name),
            customdata=[escape(model) for model in models],
            marker={"color": palette.category(i), "symbol": SYMBOLS[i], "size": 12,
                    "line": {"color": palette.paper, "width": 1}},
            hovertemplate="%{customdata}<br><b>%{y:.4g}x</b><extra>%{fullData.name}</extra>",
        )  # fmt: skip
    top = max(*(one.band.high for one in shown), *(float(v.max()) for v in groups.values()))
    figure.update_yaxes(range=[0, 1.1 * top])
    figure.update_xaxes(
        tickmode="array", tickvals=list(range(len(models))),
        ticktext=[escape(model) for model in models], range=[left, right], showgrid=False,
        tickangle=-45,  # the other way the last name would leave the figure and be dropped
    )  # fmt: skip
    return figure.update_layout(showlegend=True)
