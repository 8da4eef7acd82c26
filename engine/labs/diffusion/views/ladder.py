"""The duplication ladder drawn: one dot a picture, and the mean of every rung."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from engine.figures import Palette, axis
from engine.figures.axes import compose, escape
from engine.figures.palette import SYMBOLS, translucent
from engine.labs.diffusion.views.ladder_table import EXTRACTED, MEASURES, Ladder
from engine.labs.diffusion.views.ladder_words import describe_ladder, seeds_said

WIDTH = 0.68  # of a rung, for its dots
SHARES = ("extracted", "nn_hit")


def draw_ladder(
    ladder: Ladder,
    palette: Palette,
    *,
    measure: str,
    twin: Ladder | None = None,
    selected: int | None = None,
) -> go.Figure:
    """Rungs at equal distances; a dot is the mean of a picture's seeds.

    A selection event's ``customdata[0]`` is the position of the prompt.
    """
    rungs = ladder.rungs(measure)
    shown = [ladder, *([twin] if twin else [])]
    figure = compose(
        palette,
        title=f"{MEASURES[measure].removesuffix(' to the training picture')} by copies",
        subtitle=f"rungs at equal distances; dots: pictures, mean of {seeds_said(ladder.seeds)}; "
        "line: mean of a rung, bars from the lowest to the highest seed",
        x=axis("Copies in training"),
        y=axis(MEASURES[measure], limits=(-0.05, 1.05) if measure in SHARES else None),
        alt=describe_ladder(ladder),
        height=420,
    )
    for at, one in enumerate(shown):
        colour, half = palette.category(at), WIDTH / len(shown)
        left = -WIDTH / 2 + at * half
        x, y, ids = dots(one, measure, rungs, left, half)
        figure.add_scatter(
            x=x, y=y, mode="markers", name=escape(one.name),
            customdata=[[i, escape(one.prompts[i]), one.copies[i]] for i in ids],
            marker={
                "color": translucent(colour, 0.55), "symbol": SYMBOLS[at], "size": 7,
                "line": {"color": colour, "width": 1},
            },
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
            hovertemplate="<b>%{customdata[1]}</b><br>rung of %{customdata[2]} copies<br>"
            f"{escape(MEASURES[measure])} %{{y:.3~g}}<extra>{escape(one.name)}</extra>",
        )  # fmt: skip
        means = [one.on(rung, measure).mean(axis=1) for rung in rungs]
        middle = np.array([values.mean() for values in means])
        figure.add_scatter(
            x=np.arange(len(rungs)) + left + half / 2, y=middle,
            mode="lines+markers", name=escape(f"{one.name}, mean"),
            line={"color": colour, "width": 2.25}, hoverinfo="skip",
            marker={"color": colour, "symbol": "line-ew", "size": 12, "line": {"width": 3}},
            error_y={
                "type": "data", "symmetric": False, "width": 4, "thickness": 1.5,
                "array": [values.max() - m for values, m in zip(means, middle, strict=True)],
                "arrayminus": [m - values.min() for values, m in zip(means, middle, strict=True)],
            },
        )  # fmt: skip
        if selected is not None and at == 0 and selected in ids:
            here = ids.index(selected)
            figure.add_scatter(
                x=[x[here]], y=[y[here]], mode="markers", showlegend=False, hoverinfo="skip",
                marker={"symbol": "circle-open", "size": 18, "color": palette.accent},
                marker_line_width=3,
            )  # fmt: skip
    if measure == "ssim":
        figure.add_hline(y=EXTRACTED, line={"color": palette.muted, "width": 1.25, "dash": "dot"})
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=EXTRACTED, yanchor="bottom",
            text="extracted over 0.7", font={"color": palette.muted, "size": 12},
        )  # fmt: skip
    figure.update_xaxes(
        tickvals=list(range(len(rungs))),
        ticktext=["never" if rung == 0 else str(rung) for rung in rungs],
        range=[-0.5, len(rungs) - 0.5], showgrid=False,
    )  # fmt: skip
    return figure.update_layout(hovermode="closest", clickmode="event+select")


def dots(
    ladder: Ladder, measure: str, rungs: Sequence[int], left: float, width: float
) -> tuple[list[float], list[float], list[int]]:
    """Places, values and prompts of the dots; pictures of a rung stand beside each other."""
    x: list[float] = []
    y: list[float] = []
    ids: list[int] = []
    for place, rung in enumerate(rungs):
        members = np.flatnonzero(ladder.copies == rung)
        x += (place + left + width * (np.arange(len(members)) + 0.5) / len(members)).tolist()
        y += ladder.measures[measure][:, members].mean(axis=0).tolist()
        ids += members.tolist()
    return x, y, ids
