"""Eight models beside a GPU and a CPU: points, and the published range as a band."""

from __future__ import annotations

from typing import Literal

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis
from engine.figures.axes import compose, escape
from engine.figures.palette import SYMBOLS, translucent
from engine.labs.memory_hardware.published import SPEEDUP, Against, Band, bands

Versus = Literal["gpu", "cpu"]
MACHINES: dict[Versus, Against] = {"gpu": "GPU", "cpu": "CPU"}


def speedup_band(versus: Versus) -> Band:
    """The published range; all versions of the paper agree on it."""
    return bands(SPEEDUP, MACHINES[versus])[0]


def ratios(result: Result, versus: Versus) -> np.ndarray:
    """Times faster than the other machine (head, model)."""
    return result.array(f"{versus}_ns") / result.array("total_ns")


def ends(values: np.ndarray) -> str:
    """The least and the most of some ratios."""
    return f"{values.min():.3g}-{values.max():.3g}x"


def describe_speedups(result: Result, versus: Versus) -> str:
    """Our range without the head, how many of its points the band holds, and with the head."""
    band = speedup_band(versus)
    without, with_head = ratios(result, versus)
    inside = sum(band.holds(value) for value in without)
    return (
        f"Over the {MACHINES[versus]}: {ends(without)} without the head, {ends(with_head)} with "
        f"it; published {band}. {inside} of {len(without)} points without the head lie inside."
    )


def verdict(result: Result, versus: Versus) -> str:
    """The two ends of the range beside the published ends, in words."""
    band, values = speedup_band(versus), ratios(result, versus)[0]
    low, high = values.min() / band.low, values.max() / band.high
    return f"Our lower end is {_times(low)} and our upper end {_times(high)}."


def _times(ratio: float) -> str:
    if abs(ratio - 1) < 0.005:
        return "the published one"
    return f"{100 * abs(ratio - 1):.0f} % {'above' if ratio > 1 else 'below'} the published one"


def speedup_table(result: Result) -> dict[str, object]:
    """Milliseconds a token and ratios, a row for each model."""
    each = 1e6 * result.number("tokens")
    table: dict[str, object] = {"model": result.notes["models"]}
    for i, head in enumerate(result.notes["heads"]):
        table[f"memory, {head} [ms a token]"] = result.array("total_ns")[i] / each
    for versus, name in MACHINES.items():
        table[f"{name} [ms a token]"] = result.array(f"{versus}_ns") / each
        for i, head in enumerate(result.notes["heads"]):
            table[f"over {name}, {head} [x]"] = ratios(result, versus)[i]
    return table


def draw_speedups(result: Result, palette: Palette, *, versus: Versus) -> go.Figure:
    """A point for each model with and without its head, the published range behind them."""
    models, band = result.notes["models"], speedup_band(versus)
    figure = compose(
        palette,
        title=f"Times faster than the {MACHINES[versus]}",
        subtitle=f"{result.notes['device']}, {int(result.number('tokens')):,} tokens; "
        f"the {MACHINES[versus]} is assumed",
        x=axis("Model"),
        y=axis("Speed-up", "x"),
        alt=describe_speedups(result, versus),
        height=400,
    )
    add_band(figure, palette, band, f"published {band}", points=len(models))
    for i, head in enumerate(result.notes["heads"]):
        figure.add_scatter(
            x=np.arange(len(models)) + (0.12 if i else -0.12),
            y=ratios(result, versus)[i],
            mode="markers",
            name=escape(head),
            customdata=[escape(name) for name in models],
            marker={
                "color": palette.category(i),
                "symbol": SYMBOLS[i],
                "size": 12,
                "line": {"color": palette.paper, "width": 1},
            },
            hovertemplate="%{customdata}<br><b>%{y:.4g}x</b><extra>%{fullData.name}</extra>",
        )
    top = max(band.high, float(ratios(result, versus).max()))
    figure.update_yaxes(range=[0, 1.12 * top])
    figure.update_xaxes(
        tickmode="array", tickvals=list(range(len(models))),
        ticktext=[escape(name) for name in models], range=[-0.5, len(models) - 0.5], showgrid=False,
    )  # fmt: skip
    return figure.update_layout(showlegend=True)


def add_band(
    figure: go.Figure, palette: Palette, band: Band, words: str, *, points: int, slot: int = 6
) -> None:
    """A published range as a filled band with its name in the legend."""
    left, right = -0.5, points - 0.5
    figure.add_scatter(
        x=[left, right, right, left],
        y=[band.high, band.high, band.low, band.low],
        fill="toself",
        fillcolor=translucent(palette.category(slot), 0.2),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        name=escape(words),
    )
