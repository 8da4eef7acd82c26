"""Order accuracy of the memories by distance."""

from __future__ import annotations

import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars

CHANCE = 50.0


def bin_names(result: Result) -> list[str]:
    """The bins of distance in words."""
    ends = [0, *result.notes["ends"]]
    segment = result.notes["segment"]
    return [f"{max(ends[b] + 1, segment):,} to {ends[b + 1]:,}" for b in result.notes["bins"]]


def draw_order(result: Result, palette: Palette) -> go.Figure:
    """Accuracy by bin of distance for each memory, and the line of chance."""
    names = result.notes["memories"]
    accuracy, low, high = (result.array(name) for name in ("accuracy", "low", "high"))
    figure = bars(
        bin_names(result),
        {name: accuracy[i] for i, name in enumerate(names)},
        palette,
        low={name: low[i] for i, name in enumerate(names)},
        high={name: high[i] for i, name in enumerate(names)},
        interval="95 % bootstrap over pairs",
        title="Which came first?",
        subtitle=f"{int(result.number('pairs'))} pairs of {result.notes['segment']}-word segments "
        f"from {int(result.number('words')):,} words, each asked in both orders; chance is 50 %",
        category=axis("Distance of the two segments", "words"),
        value=axis("Right answers", "%", limits=(0, 105)),
        alt=describe_order(result),
    )
    figure.add_hline(y=CHANCE, line={"color": palette.ink, "width": 1.5, "dash": "dot"})
    return figure


def describe_order(result: Result) -> str:
    """The nearest and the farthest bin of each memory, and which cannot be told from chance."""
    accuracy, low, high = (result.array(name) for name in ("accuracy", "low", "high"))
    parts = []
    for i, name in enumerate(result.notes["memories"]):
        chance = all(low[i, b] <= CHANCE <= high[i, b] for b in range(accuracy.shape[1]))
        ends = f"{accuracy[i, 0]:.0f} % near, {accuracy[i, -1]:.0f} % far"
        parts.append(f"{name}: {ends}{', not told from chance' if chance else ''}")
    return f"{'; '.join(parts)}."
