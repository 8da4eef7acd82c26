"""Bars: grouped or alone, standing or lying, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from engine.core import BadInput
from engine.figures.axes import Axis, AxisLike, as_axis, compose, escape, labels_for, numbers
from engine.figures.palette import PATTERNS, Palette

MAX_BARS = 2000


def bars(
    labels: Sequence[str],
    groups: Mapping[str, object],
    palette: Palette,
    *,
    title: str,
    category: AxisLike,
    value: AxisLike,
    low: Mapping[str, object] | None = None,
    high: Mapping[str, object] | None = None,
    interval: str | None = None,
    horizontal: bool = False,
    stacked: bool = False,
    selected: int | None = None,
    subtitle: str | None = None,
    alt: str | None = None,
    height: int | None = None,
) -> go.Figure:
    """One bar for each label [n] and group (name -> values [n]); NaN draws no bar.

    ``low`` and ``high`` give the ends of an interval for each group, and ``interval`` says what it
    is; ``selected`` is the position of a bar to emphasise. Groups differ by colour and pattern.
    More than 2 000 bars are refused. Bars start at zero, so the value axis cannot be logarithmic.
    """
    names = labels_for(len(labels), labels, "labels")
    if not groups or not names:
        raise BadInput("groups", "needs at least one group and one label")
    if len(names) * len(groups) > MAX_BARS:
        raise BadInput("labels", f"{len(names) * len(groups)} bars are more than {MAX_BARS}")
    if low and not interval:
        raise BadInput("interval", "say what the error bars show")
    if low:
        subtitle = f"{subtitle}; error bars: {interval}" if subtitle else f"Error bars: {interval}"
    value_axis = as_axis(value)
    if value_axis.log:
        raise BadInput("value", "bars start at zero, which a logarithmic axis does not have")
    # Positions instead of names on the axis: two equal labels stay two bars.
    at = np.arange(len(names))
    across: Axis = as_axis(category)
    x_axis, y_axis = (value_axis, across) if horizontal else (across, value_axis)
    figure = compose(
        palette,
        title=title,
        x=x_axis,
        y=y_axis,
        subtitle=subtitle,
        alt=alt,
        height=height or (120 + 22 * len(names) * len(groups) if horizontal else 360),
    )
    for i, (name, given) in enumerate(groups.items()):
        values = numbers(given, name)
        if len(values) != len(names):
            raise BadInput(name, f"has {len(values)} values for {len(names)} labels")
        error = None
        if low and high and name in low:
            ends = numbers(low[name], name), numbers(high[name], name)
            error = {
                "type": "data",
                "symmetric": False,
                "array": np.maximum(ends[1] - values, 0),
                "arrayminus": np.maximum(values - ends[0], 0),
                "color": palette.ink,
                "thickness": 1.25,
                "width": 3,
            }
        edge = [2.5 if k == selected else 0 for k in range(len(names))]
        figure.add_bar(
            x=values if horizontal else at,
            y=at if horizontal else values,
            orientation="h" if horizontal else "v",
            name=escape(name),
            customdata=names,
            marker={
                "color": palette.category(i),
                "pattern": {"shape": PATTERNS[i % len(PATTERNS)], "solidity": 0.25},
                "line": {"color": palette.ink, "width": edge},
            },
            hovertemplate="%{customdata}<br><b>"
            + ("%{x:.4g}" if horizontal else "%{y:.4g}")
            + "</b><extra>%{fullData.name}</extra>",
            **{("error_x" if horizontal else "error_y"): error},
        )
    figure.update_layout(barmode="stack" if stacked else "group", showlegend=len(groups) > 1)
    ticked = {"tickmode": "array", "tickvals": at, "ticktext": names, "showgrid": False}
    zero = {"zeroline": True, "zerolinecolor": palette.muted, "zerolinewidth": 1}
    if horizontal:
        figure.update_yaxes(**ticked, range=[len(names) - 0.5, -0.5])
        figure.update_xaxes(**zero)
    else:
        figure.update_xaxes(**ticked, range=[-0.5, len(names) - 0.5])
        figure.update_yaxes(**zero)
    return figure
