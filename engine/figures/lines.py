"""Lines with bands and marked events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from engine.core import BadInput
from engine.figures.axes import AxisLike, as_axis, compose, escape, numbers
from engine.figures.palette import DASHES, SYMBOLS, Palette, translucent

_MARKED = 40  # lines of at most this many points also carry symbols


@dataclass(frozen=True, eq=False)
class Series:
    """One line: y over x [n], and, where given, an interval from ``low`` to ``high`` [n].

    ``marks`` are those of its places that get a large open symbol, called ``mark`` in the legend.
    """

    name: str
    x: object
    y: object
    low: object | None = None
    high: object | None = None
    category: int | None = None
    marks: object = ()
    mark: str = ""


@dataclass(frozen=True)
class Event:
    """A place on the x axis worth a vertical line."""

    x: float
    label: str


def lines(
    series: Sequence[Series],
    palette: Palette,
    *,
    title: str,
    x: AxisLike,
    y: AxisLike,
    events: Sequence[Event] = (),
    level: tuple[float, str] | None = None,
    step: bool = False,
    band: str | None = None,
    subtitle: str | None = None,
    alt: str | None = None,
    height: int = 360,
) -> go.Figure:
    """Several series over one x axis; colour and dash tell them apart.

    ``band`` names what the bands are ("95 % bootstrap interval") and joins the subtitle; it is
    compulsory as soon as a series has one. ``level`` is a horizontal (value, label). ``step``
    holds each value until the next x. Raises BadInput for lengths that differ.
    """
    if not series:
        raise BadInput("series", "needs at least one line")
    has_band = any(one.low is not None for one in series)
    if has_band and not band:
        raise BadInput("band", "say what the bands show, for instance '95 % bootstrap interval'")
    if has_band:
        subtitle = f"{subtitle}; bands: {band}" if subtitle else f"Bands: {band}"
    x_axis, y_axis = as_axis(x), as_axis(y)
    figure = compose(
        palette, title=title, x=x_axis, y=y_axis, subtitle=subtitle, alt=alt, height=height
    )
    shape = "hv" if step else "linear"
    for i, one in enumerate(series):
        at, values = numbers(one.x, one.name), numbers(one.y, one.name)
        if len(at) != len(values):
            raise BadInput(one.name, f"has {len(at)} places but {len(values)} values")
        slot = i if one.category is None else one.category
        colour = palette.category(slot)
        if one.low is not None and one.high is not None:
            low, high = numbers(one.low, one.name), numbers(one.high, one.name)
            if not len(low) == len(high) == len(at):
                raise BadInput(one.name, f"needs an interval at each of its {len(at)} places")
            figure.add_scatter(
                x=np.concatenate([at, at[::-1]]),
                y=np.concatenate([high, low[::-1]]),
                fill="toself",
                fillcolor=translucent(colour, 0.18),
                line={"width": 0, "shape": "linear"},
                mode="lines",
                hoverinfo="skip",
                legendgroup=str(i),
                showlegend=False,
            )
        figure.add_scatter(
            x=at,
            y=values,
            name=escape(one.name),
            legendgroup=str(i),
            mode="lines+markers" if len(at) <= _MARKED else "lines",
            line={
                "color": colour,
                "width": 2.25,
                "dash": DASHES[slot % len(DASHES)],
                "shape": shape,
            },
            marker={"symbol": SYMBOLS[slot % len(SYMBOLS)], "size": 7, "color": colour},
        )
    marked = any(one.mark for one in series)
    figure.update_layout(hovermode="x unified", showlegend=len(series) > 1 or marked)
    if len(series) == 1:
        # A lone line needs no legend; its name still leads the hover box.
        figure.data[-1].hovertemplate = "%{y:.4g}<extra>%{fullData.name}</extra>"
    figure.update_traces(hovertemplate="%{y:.4g}", selector={"hovertemplate": None, "fill": None})
    _mark_places(figure, palette, series)
    if level is not None:
        figure.add_hline(y=level[0], line={"color": palette.muted, "width": 1.25, "dash": "dot"})
        # The label of add_hline would be placed at 10 to the level on a logarithmic axis.
        figure.add_annotation(
            x=0,
            xref="paper",
            xanchor="left",
            y=float(np.log10(level[0])) if y_axis.log else level[0],
            yanchor="bottom",
            text=escape(level[1]),
            font={"color": palette.muted, "size": 12},
        )
    mark_events(figure, palette, events, log=x_axis.log)
    return figure


def _mark_places(figure: go.Figure, palette: Palette, series: Sequence[Series]) -> None:
    """Open symbols on the lines themselves: whose they are shows, and no label covers a line."""
    for i, one in enumerate(series):
        at, values = numbers(one.x, one.name), numbers(one.y, one.name)
        chosen = np.isin(at, np.asarray(one.marks, dtype=np.float64))
        if not chosen.any():
            continue
        if not one.mark:
            raise BadInput(one.name, "say what its marks show")
        slot = i if one.category is None else one.category
        figure.add_scatter(
            x=at[chosen],
            y=values[chosen],
            name=escape(one.mark),
            mode="markers",
            marker={
                "symbol": f"{SYMBOLS[slot % len(SYMBOLS)]}-open",
                "size": 12,
                "color": palette.category(slot),
                "line": {"width": 2},
            },
            hoverinfo="skip",
        )


def mark_events(
    figure: go.Figure, palette: Palette, events: Sequence[Event], *, log: bool = False
) -> None:
    """Draw each event as a vertical line with its label on top."""
    drawn = [numbers(trace.x, "x") for trace in figure.data if trace.x is not None]
    ends = (min(map(np.min, drawn)), max(map(np.max, drawn))) if drawn and not log else None
    for i, event in enumerate(events):
        # Towards the right end a label stands before its line, where there is room for it.
        late = ends is not None and event.x > ends[0] + 0.7 * (ends[1] - ends[0])
        late = late or (log and bool(drawn) and event.x >= 0.7 * max(map(np.max, drawn)))
        figure.add_vline(x=event.x, line={"color": palette.ink, "width": 1.25, "dash": "dot"})
        figure.add_annotation(
            x=float(np.log10(event.x)) if log else event.x,
            y=1,
            yref="paper",
            yanchor="top",
            yshift=-16 * (i % 3),
            xanchor="right" if late else "left",
            xshift=-4 if late else 4,
            text=escape(event.label),
            font={"color": palette.ink, "size": 12},
        )
