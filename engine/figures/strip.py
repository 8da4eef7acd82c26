"""A text as a strip of coloured tokens, wrapped like lines on a page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from engine.core import BadInput
from engine.figures.axes import axis, compose, escape, numbers, set_unit, visible
from engine.figures.heatmap import colour_bar, quantise, scale_limits
from engine.figures.palette import Palette

MAX_TOKENS = 8192


def strip(
    values: object,
    tokens: Sequence[str],
    palette: Palette,
    *,
    title: str,
    value: str,
    unit: str = "1",
    per_row: int = 64,
    diverging: bool = False,
    log: bool = False,
    limits: tuple[float, float] | None = None,
    mark: int | None = None,
    mark_label: str = "first divergence",
    selected: int | None = None,
    subtitle: str | None = None,
    alt: str | None = None,
) -> go.Figure:
    """One cell for each token [n], ``per_row`` in a row; hovering shows the token and its value.

    ``mark`` is the token at which something happens first: framed, pointed at and named in words.
    NaN cells stay empty. Raises BadInput for lengths that differ or more than 8 192 tokens.
    """
    array = numbers(values, "values")
    count = len(array)
    if not 1 <= count <= MAX_TOKENS:
        raise BadInput("values", f"must hold 1 to {MAX_TOKENS} tokens, not {count}")
    if len(tokens) != count:
        raise BadInput("tokens", f"needs {count} texts, one for each value, not {len(tokens)}")
    per_row = min(per_row, count)
    rows = -(-count // per_row)
    low, high = scale_limits(array, diverging=diverging, log=log, limits=limits)
    codes = np.full(rows * per_row, 255, np.uint8)
    codes[:count] = quantise(array, low, high, log=log)
    texts = [escape(visible(token)) for token in tokens] + [""] * (rows * per_row - count)
    hover = [[i, texts[i], f"{array[i]:.4g}" if i < count else ""] for i in range(rows * per_row)]
    figure = compose(
        palette,
        title=title,
        x=axis("Token within the row"),
        y=axis("First token of the row"),
        subtitle=subtitle,
        alt=alt,
        height=max(220, 150 + 22 * rows),
    )
    scale = palette.colorscale("diverging" if diverging else "sequential")
    suffix = "" if unit == "1" else f" {escape(unit)}"
    figure.add_heatmap(
        z=codes.reshape(rows, per_row),
        zmin=0,
        zmax=255,
        colorscale=[*((i * 254 / 255, colour) for i, colour in scale), (1, "rgba(0,0,0,0)")],
        customdata=[hover[row * per_row : (row + 1) * per_row] for row in range(rows)],
        colorbar=colour_bar(value, unit, low, high, log=log),
        xgap=1,
        ygap=2,
        hoverongaps=False,
        hovertemplate="token %{customdata[0]}: <b>%{customdata[1]}</b><br>"
        f"{escape(value)} %{{customdata[2]}}{suffix}<extra></extra>",
    )
    set_unit(figure, "colorbar", unit)
    figure.update_xaxes(range=[-0.5, per_row - 0.5], showgrid=False)
    stride = max(1, rows // 12)
    at = list(range(0, rows, stride))
    figure.update_yaxes(
        range=[rows - 0.5, -0.5],
        showgrid=False,
        tickmode="array",
        tickvals=at,
        ticktext=[str(row * per_row) for row in at],
    )
    for position, colour in ((selected, palette.accent), (mark, palette.bad.colour)):
        if position is None:
            continue
        if not 0 <= position < count:
            raise BadInput("mark", f"must be a token from 0 to {count - 1}, not {position}")
        row, column = divmod(position, per_row)
        for stroke, width in ((palette.paper, 6), (colour, 3)):
            figure.add_shape(
                type="rect",
                x0=column - 0.55,
                x1=column + 0.55,
                y0=row - 0.5,
                y1=row + 0.5,
                line={"color": stroke, "width": width},
            )
    if mark is not None:
        figure.add_annotation(
            x=1,
            y=1,
            xref="paper",
            yref="paper",
            xanchor="right",
            yanchor="bottom",
            yshift=4,
            text=f"▢ {escape(mark_label)}: token {mark}",
            font={"color": palette.bad.colour, "size": 12},
        )
    return figure
