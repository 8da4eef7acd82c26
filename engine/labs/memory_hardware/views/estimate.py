"""Sensitivities in closed form beside those that the engine finds."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import percent
from engine.figures import Palette, axis
from engine.figures.axes import compose, escape
from engine.figures.palette import SYMBOLS


def describe_estimates(result: Result) -> str:
    """The largest distance between the estimates and the engine."""
    away = np.abs(result.array("here") / result.array("derived") - 1)
    most = int(np.argmax(away))
    return (
        f"The closed forms and the engine differ by at most {percent(float(away[most]))} "
        f"({result.notes['names'][most]}: {result.array('derived')[most]:g}x and "
        f"{result.array('here')[most]:.3g}x)."
    )


def estimate_table(result: Result) -> dict[str, object]:
    """Both times relative to the unchanged memory."""
    return {
        "change": result.notes["names"],
        "closed form [derived]": result.array("derived"),
        "here": result.array("here"),
    }


def draw_estimates(result: Result, palette: Palette) -> go.Figure:
    """Two points a change: the closed form, and what is computed here."""
    names = result.notes["names"]
    head = "with" if result.notes["head"] else "without"
    figure = compose(
        palette,
        title="Beside closed forms",
        subtitle=f"{result.notes['device']}; {result.notes['model']}, {head} head; the closed "
        "forms are derived, not the paper's; 1 is the unchanged memory",
        x=axis("Relative time"),
        y=axis("Change"),
        alt=describe_estimates(result),
        height=160 + 28 * len(names),
    )
    for i, (words, field) in enumerate((("closed form (derived)", "derived"), ("here", "here"))):
        figure.add_scatter(
            x=result.array(field),
            y=np.arange(len(names)),
            mode="markers",
            name=words,
            customdata=[escape(name) for name in names],
            marker={"color": palette.category(i), "symbol": SYMBOLS[i] + "-open" * (not i),
                    "size": 11, "line": {"width": 2 * (not i)}},
            hovertemplate="%{customdata}<br><b>%{x:.4g}x</b><extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.add_vline(x=1, line={"color": palette.muted, "width": 1.25, "dash": "dot"})
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(names))),
        ticktext=[escape(name) for name in names], range=[len(names) - 0.5, -0.5],
    )  # fmt: skip
    return figure.update_layout(showlegend=True)
