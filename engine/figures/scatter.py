"""Labelled points, families by colour and symbol, and the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from engine.core import BadInput
from engine.figures.axes import Axis, AxisLike, as_axis, compose, escape, numbers
from engine.figures.labels import place_labels
from engine.figures.palette import SYMBOLS, Palette


@dataclass(frozen=True)
class Point:
    """A point with its family, an id that a click gives back, and an interval on y if known."""

    x: float
    y: float
    label: str
    family: str = ""
    id: str = ""
    low: float | None = None
    high: float | None = None


def pareto_front(x: object, y: object) -> np.ndarray:
    """Indices of the points that no other beats on both axes (smaller is better), by rising x.

    Points with a NaN never belong to it; of equal points only the first does.
    """
    xs, ys = numbers(x, "x"), numbers(y, "y")
    order = np.lexsort((ys, xs))
    front: list[int] = []
    best = np.inf
    for i in order:
        if np.isfinite(xs[i]) and ys[i] < best:
            front.append(int(i))
            best = ys[i]
    return np.array(front, dtype=np.int64)


def scatter(
    points: Sequence[Point],
    palette: Palette,
    *,
    title: str,
    x: AxisLike,
    y: AxisLike,
    front: bool | Sequence[str] = False,
    names: bool | Sequence[str] = False,
    selected: str | None = None,
    interval: str | None = None,
    x_line: tuple[float, str] | None = None,
    subtitle: str | None = None,
    alt: str | None = None,
    height: int = 460,
) -> go.Figure:
    """Points of several families; a selection event's ``customdata[0]`` is the point's id.

    ``front`` draws the Pareto front (smaller is better on both axes) of all points, or of those
    whose ids are listed. ``names`` writes labels
    beside all points, or beside those whose ids are listed, where they cover nothing; hovering
    always shows them.
    ``interval`` says what the vertical error bars are, once a point has one. ``x_line`` is a
    vertical (value, label), such as a budget; the label stands above the plot. Raises BadInput
    when a log axis meets a value that is not positive.
    """
    if not points:
        raise BadInput("points", "needs at least one point")
    x_axis, y_axis = as_axis(x), as_axis(y)
    for which, log, held in (
        ("x", x_axis.log, [p.x for p in points]),
        ("y", y_axis.log, [p.y for p in points]),
    ):
        if log and min(held) <= 0:
            raise BadInput(which, "a logarithmic axis cannot show zero or less")
    has_interval = any(p.low is not None for p in points)
    if has_interval:
        if not interval:
            raise BadInput("interval", "say what the error bars show")
        subtitle = f"{subtitle}; error bars: {interval}" if subtitle else f"Error bars: {interval}"
    figure = compose(
        palette, title=title, x=x_axis, y=y_axis, subtitle=subtitle, alt=alt, height=height
    )
    if front:
        rivals = [i for i, p in enumerate(points) if front is True or p.id in front]
        best = pareto_front([points[i].x for i in rivals], [points[i].y for i in rivals])
        at = [rivals[i] for i in best]
        figure.add_scatter(
            x=[points[i].x for i in at],
            y=[points[i].y for i in at],
            mode="lines",
            line={"color": palette.muted, "width": 1.5, "dash": "dot", "shape": "hv"},
            name="Pareto front",
            hoverinfo="skip",
        )
    shown = {p.id for p in points} if names is True else set(names or ())
    families = list(dict.fromkeys(p.family for p in points))
    places = _places(points, shown, x_axis, y_axis, height)
    for i, family in enumerate(families):
        members = [p for p in points if p.family == family]
        error = None
        if any(p.low is not None for p in members):
            error = {
                "type": "data",
                "symmetric": False,
                "array": [0 if p.high is None else max(p.high - p.y, 0) for p in members],
                "arrayminus": [0 if p.low is None else max(p.y - p.low, 0) for p in members],
                "thickness": 1,
                "width": 2,
            }
        figure.add_scatter(
            x=[p.x for p in members],
            y=[p.y for p in members],
            mode="markers+text" if shown else "markers",
            text=[escape(p.label) if places.get(p.id) else "" for p in members],
            textposition=[places.get(p.id) or "top center" for p in members],
            textfont={"size": 11, "color": palette.muted},
            name=escape(family or "points"),
            error_y=error,
            customdata=[[p.id, escape(p.label)] for p in members],
            marker={
                "color": palette.category(i),
                "symbol": SYMBOLS[(i + i // len(palette.categories)) % len(SYMBOLS)],
                "size": 11,
                "line": {"color": palette.paper, "width": 1},
            },
            # A click must not fade the other points: the selection is drawn by its own ring.
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
            hovertemplate="<b>%{customdata[1]}</b><br>"
            f"{escape(x_axis.title)} %{{x:.4g}}<br>{escape(y_axis.title)} %{{y:.4g}}"
            "<extra>%{fullData.name}</extra>",
        )
    chosen = [p for p in points if selected is not None and p.id == selected]
    if chosen:
        figure.add_scatter(
            x=[p.x for p in chosen],
            y=[p.y for p in chosen],
            mode="markers",
            marker={"symbol": "circle-open", "size": 20, "color": palette.accent},
            marker_line_width=3,
            name="selected",
            hoverinfo="skip",
            showlegend=False,
        )
    if x_line is not None:
        figure.add_vline(x=x_line[0], line={"color": palette.ink, "width": 1.25, "dash": "dash"})
        # Towards the right end the label stands before its line, where there is room for it.
        ends = [p.x for p in points]
        late = x_line[0] > min(ends) + 0.6 * (max(ends) - min(ends))
        figure.add_annotation(
            x=float(np.log10(x_line[0])) if x_axis.log else x_line[0],
            y=1,
            yref="paper",
            yanchor="bottom",
            xanchor="right" if late else "left",
            xshift=6 if late else -6,
            text=escape(x_line[1]),
            font={"color": palette.ink, "size": 12},
        )
    figure.update_layout(
        hovermode="closest", clickmode="event+select", showlegend=bool(front) or len(families) > 1
    )
    return figure


def _places(
    points: Sequence[Point], shown: set[str], x_axis: Axis, y_axis: Axis, height: int
) -> dict[str, str | None]:
    """``textposition`` by point id; None for a label without room."""
    ordered = sorted(points, key=lambda p: p.x)
    x = np.array([p.x for p in ordered], dtype=np.float64)
    y = np.array([p.y for p in ordered], dtype=np.float64)
    found = place_labels(
        np.log10(x) if x_axis.log else x,
        np.log10(y) if y_axis.log else y,
        [p.label if p.id in shown else "" for p in ordered],
        0.7 * height,
    )
    return {p.id: place for p, place in zip(ordered, found, strict=True) if p.id in shown}
