"""Before and after: two marks a row, joined, so that a change is a length and a direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from engine.core import BadInput
from engine.figures.axes import AxisLike, as_axis, compose, escape, labels_for, numbers
from engine.figures.palette import Palette

MAX_ROWS = 200


def pairs(
    labels: Sequence[str],
    before: object,
    after: object,
    palette: Palette,
    *,
    title: str,
    category: AxisLike,
    value: AxisLike,
    names: tuple[str, str] = ("before", "after"),
    notes: Sequence[str] | None = None,
    subtitle: str | None = None,
    alt: str | None = None,
    height: int | None = None,
) -> go.Figure:
    """A row for each label [n]: an open circle ``before`` [n], a full square ``after`` [n].

    ``notes`` [n] are written at the end of their rows, such as the change with its interval. More
    than 200 rows are refused. Raises BadInput for lengths that differ.
    """
    rows = labels_for(len(labels), labels, "labels")
    ends = numbers(before, "before"), numbers(after, "after")
    if not rows or len(rows) > MAX_ROWS:
        raise BadInput("labels", f"1 to {MAX_ROWS} rows are drawn, not {len(rows)}")
    if any(len(end) != len(rows) for end in ends):
        raise BadInput("after", f"needs {len(rows)} values before and after, one for each label")
    if notes is not None and len(notes) != len(rows):
        raise BadInput("notes", f"needs {len(rows)}, one for each label")
    figure = compose(
        palette,
        title=title,
        x=as_axis(value),
        y=as_axis(category),
        subtitle=subtitle,
        alt=alt,
        height=height or 150 + 34 * len(rows),
    )
    at = np.arange(len(rows))
    gaps = np.full(len(rows), np.nan)
    figure.add_scatter(
        x=np.ravel(np.stack([*ends, gaps], axis=1)),
        y=np.ravel(np.stack([at, at, gaps], axis=1)),
        mode="lines",
        line={"color": palette.muted, "width": 2},
        hoverinfo="skip",
        showlegend=False,
    )
    for slot, (name, end, (symbol, size)) in enumerate(
        zip(names, ends, (("circle-open", 14), ("square", 8)), strict=True)
    ):
        figure.add_scatter(
            x=end,
            y=at,
            name=escape(name),
            mode="markers",
            customdata=rows,
            marker={
                "symbol": symbol,
                "size": size,
                "color": palette.category(slot),
                "line": {"width": 2, "color": palette.category(slot)},
            },
            hovertemplate="%{customdata}<br><b>%{x:.4g}</b><extra>%{fullData.name}</extra>",
        )
    # All at once: with each that is added one by one plotly checks all before it again.
    figure.layout.annotations = [
        {
            # Over the line, not at its end: a row that reaches the right edge keeps its note.
            "x": float(np.nanmean([ends[0][row], ends[1][row]])),
            "y": row,
            "yshift": 13,
            "text": escape(note),
            "font": {"color": palette.ink, "size": 11},
        }
        for row, note in enumerate(notes or ())
    ]
    figure.update_yaxes(
        tickmode="array", tickvals=at, ticktext=rows, range=[len(rows) - 0.4, -0.6], showgrid=False
    )
    return figure
