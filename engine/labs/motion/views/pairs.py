"""Which pairs of action and style were trained on, as a small map."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.figures import Palette, axis
from engine.figures.heatmap import heatmap
from engine.labs.motion.pairs import ACTIONS, STYLES, load_pairs


def draw_pairs(palette: Palette, *, selected: tuple[str, str] | None = None) -> go.Figure:
    """Training recordings of every pair; empty where there are none, crosses where held out."""
    pairs = load_pairs()
    place = None
    if selected is not None:
        place = ACTIONS.index(selected[0]), STYLES.index(selected[1])
    figure = heatmap(
        np.where(pairs.counts > 0, pairs.counts, np.nan),
        palette,
        title="What the models have seen",
        x=axis("Style"),
        y=axis("Action"),
        value="Training recordings",
        x_labels=STYLES,
        y_labels=ACTIONS,
        log=True,
        limits=(1, float(pairs.counts.max())),
        selected=place,
        alt=describe_pairs(),
        height=560,
    )
    held = sorted(pairs.held_out)
    figure.add_scatter(
        x=[STYLES.index(style) for _, style in held],
        y=[ACTIONS.index(action) for action, _ in held],
        mode="markers",
        marker={"symbol": "x", "size": 9, "color": palette.bad.colour},
        name="held out",
        hoverinfo="skip",
    )
    _add_cells(figure)
    # A click must not fade the crosses.
    figure.update_traces(unselected={"marker": {"opacity": 1}}, selector={"type": "scatter"})
    figure.update_layout(showlegend=False)
    return figure


def _add_cells(figure: go.Figure) -> None:
    """A clear marker over every cell: plotly reports clicks on points, and none on heat maps."""
    pairs = load_pairs()
    cells = [(action, style) for action in ACTIONS for style in STYLES]
    figure.add_scatter(
        x=[STYLES.index(style) for _, style in cells],
        y=[ACTIONS.index(action) for action, _ in cells],
        mode="markers",
        marker={"symbol": "square", "size": 18, "color": "rgba(0,0,0,0)"},
        customdata=[
            [*pair, pairs.seen(*pair), "held out" if pair in pairs.held_out else ""]
            for pair in cells
        ],
        name="pairs",
        hovertemplate="<b>%{customdata[0]}</b>, %{customdata[1]}<br>"
        "%{customdata[2]} training recordings %{customdata[3]}<extra></extra>",
    )


def describe_pairs() -> str:
    """How much of the map is empty, and what was held out."""
    pairs = load_pairs()
    never = [pair for pair in sorted(pairs.held_out) if not pairs.seen(*pair)]
    once = sorted(set(pairs.held_out) - set(never))
    words = (
        f"{int((pairs.counts > 0).sum())} of {pairs.counts.size} pairs of action and style were "
        f"recorded for the training, {int((pairs.counts == 1).sum())} of them once. "
        f"{len(pairs.held_out)} pairs (crosses) were held out"
    )
    if once:
        named = ", ".join(f"{action} {style}" for action, style in once)
        words += f"; of these {named} is in another set of recordings and was seen after all"
    return f"{words}."


def describe_pair(action: str, style: str) -> str:
    """What the training saw of one pair."""
    pairs = load_pairs()
    count = pairs.seen(action, style)
    times = {0: "No recording", 1: "One recording"}.get(count, f"{count} recordings")
    words = f"{times} of {action} in the style {style} in the training"
    if (action, style) in pairs.held_out:
        return f"{words}: the pair was held out on purpose."
    if count == 0:
        return f"{words}: the models have to put it together from other pairs."
    return f"{words}."


def pair_table() -> list[dict[str, str | int | bool]]:
    """A row for each pair."""
    pairs = load_pairs()
    return [
        {
            "action": action,
            "style": style,
            "training recordings": pairs.seen(action, style),
            "held out": (action, style) in pairs.held_out,
        }
        for action in ACTIONS
        for style in STYLES
    ]
