"""Which constants the time depends on: a tornado, and estimates beside the engine."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import percent
from engine.figures import Palette, axis
from engine.figures.axes import compose, escape
from engine.figures.palette import SYMBOLS

MOST = 24


def changes(result: Result) -> np.ndarray:
    """Change of the whole time as a share (constant, end); NaN where there is no such memory."""
    return result.array("total_ns") / result.number("base_ns") - 1


def describe_tornado(result: Result) -> str:
    """The three constants that matter most."""
    names, change = result.notes["constants"], changes(result)
    if not names:
        return "No constant changes the time."
    words = ", ".join(
        f"{name} ({' to '.join(f'{100 * c:+.3g} %' for c in np.sort(ends[~np.isnan(ends)]))})"
        for name, ends in zip(names[:3], change[:3], strict=True)
    )
    return f"What the time depends on most: {words}."


def tornado_table(result: Result) -> dict[str, object]:
    """A row for each constant: its values, totals and where it comes from."""
    value, total = result.array("value"), result.array("total_ns")
    return {
        "constant": result.notes["constants"],
        "from": result.notes["sources"],
        "now": result.array("now"),
        "divided": value[:, 0],
        "multiplied": value[:, 1],
        "divided [ns]": total[:, 0],
        "multiplied [ns]": total[:, 1],
        "as it is [ns]": np.full(len(total), result.number("base_ns")),
    }


def draw_tornado(result: Result, palette: Palette) -> go.Figure:
    """A line for each constant, the widest on top; both ends from the time as it is."""
    names = result.notes["constants"][:MOST]
    change, value = 100 * changes(result)[:MOST], result.array("value")[:MOST]
    factor = result.number("factor")
    figure = compose(
        palette,
        title=f"Every constant divided and multiplied by {factor:g}",
        subtitle=f"{result.notes['device']}; {result.notes['model']}, "
        f"{int(result.number('tokens')):,} tokens; one constant at a time",
        x=axis("Change of the whole time", "%"),
        y=axis("Constant"),
        alt=describe_tornado(result),
        height=170 + 24 * len(names),
    )
    ends = (
        (f"divided by {factor:g}", palette.category(0), ""),
        (f"multiplied by {factor:g}", palette.category(1), "/"),
    )
    for end, (words, colour, pattern) in enumerate(ends):
        figure.add_bar(
            x=change[:, end],
            y=np.arange(len(names)),
            orientation="h",
            name=words,
            customdata=[
                [escape(name), f"{at:g}"] for name, at in zip(names, value[:, end], strict=True)
            ],
            marker={"color": colour, "pattern": {"shape": pattern, "solidity": 0.25}},
            hovertemplate="%{customdata[0]} = %{customdata[1]}<br><b>%{x:+.4g} %</b>"
            "<extra>%{fullData.name}</extra>",
        )
    labels = [f"{name} ({source})" for name, source in
              zip(names, result.notes["sources"], strict=False)]  # fmt: skip
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(names))),
        ticktext=[escape(label) for label in labels],
        range=[len(names) - 0.5, -0.5], showgrid=False,
    )  # fmt: skip
    figure.update_xaxes(zeroline=True, zerolinecolor=palette.muted, zerolinewidth=1)
    return figure.update_layout(barmode="overlay", showlegend=True)


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
        "forms are derived, not the paper's",
        x=axis("Time, relative to the unchanged memory"),
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
