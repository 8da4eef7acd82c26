"""A timeline as bars on lanes: the still twin of the canvas, for reports and pictures."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.timeline import Timeline
from engine.figures.axes import axis, compose, escape
from engine.figures.palette import PATTERNS, Palette

MAX_BARS = 2000


def draw_timeline(data: Timeline, palette: Palette, *, title: str, alt: str) -> go.Figure:
    """One bar a span; above 2 000 spans neighbours of one kind on a lane are drawn as one.

    Such a bar begins with the first of them and is as long as all of them together, so that what
    is busy and what is idle keep their shares.
    """
    merged = len(data) > MAX_BARS
    lane, kind, start, end = _merged(data) if merged else (
        data.lane, data.kind, data.start, data.end
    )  # fmt: skip
    names = [f"{one.name} · {one.group}" if one.group else one.name for one in data.lanes]
    figure = compose(
        palette,
        title=title,
        x=axis("Time", data.unit),
        y=axis("Lane"),
        subtitle="neighbours of one kind are one bar, as long as all of them" if merged else None,
        alt=alt,
        height=140 + 24 * len(names),
    )
    for place in np.unique(kind).tolist():
        of_kind = kind == place
        figure.add_bar(
            x=(end - start)[of_kind],
            base=start[of_kind],
            y=lane[of_kind],
            orientation="h",
            name=escape(data.kinds[place]),
            marker={
                "color": palette.category(place),
                "pattern": {"shape": PATTERNS[place % len(PATTERNS)], "solidity": 0.2},
                "line": {"width": 0},
            },
            hovertemplate=f"from %{{base:.6g}}, for %{{x:.4g}} {data.unit}"
            "<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(barmode="overlay", bargap=0.25, showlegend=True)
    return figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=[escape(name) for name in names],
        showgrid=False,
        range=[len(names) - 0.5, -0.5],
    )


def _merged(data: Timeline) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Lane, kind, start and end of spans of one kind in one part of the time, as one.

    There are fewer parts, each of them longer, until no more than 2 000 bars are left or one part.
    """
    first = float(data.start[0])
    whole = max(float(data.end.max()) - first, 1e-12)
    parts = MAX_BARS
    while True:
        part = np.floor((data.start - first) / whole * parts).astype(np.int64)
        cell = (data.lane * len(data.kinds) + data.kind) * (parts + 1) + part
        _, place, group = np.unique(cell, return_index=True, return_inverse=True)
        if len(place) <= MAX_BARS or parts == 1:
            break
        parts //= 2
    busy = np.bincount(group, weights=data.end - data.start, minlength=len(place))
    return data.lane[place], data.kind[place], data.start[place], data.start[place] + busy
