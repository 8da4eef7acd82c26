"""The parts of a passage's score."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars

PARTS = {"seed": "Seed", "node": "Node", "edge": "Last edge", "fact": "Fact"}
MOST = 48


def part_labels(result: Result, part: str) -> list[str]:
    """What each part is called."""
    notes = result.notes
    if part == "seed":
        names = [one["node"] for one in notes["seeds"]]
    elif part == "edge":
        names = [f"{a} → {b}" for a, b in notes["edges"]]
    else:
        names = list(notes["nodes" if part == "node" else "facts"])
    return [name if len(name) <= MOST else f"{name[: MOST - 1]}…" for name in names]


def draw_parts(result: Result, palette: Palette, *, part: str) -> go.Figure:
    """The largest parts of the score by seed, node, last edge or fact, in percent of it."""
    share = 100 * result.array(f"by_{part}") / result.number("mass")
    labels = part_labels(result, part)
    return bars(
        labels,
        {"share": share},
        palette,
        title=f"The score by {PARTS[part].lower()}",
        subtitle=f"the largest {len(labels)}; together {share.sum():.1f} % of the score",
        category=PARTS[part],
        value=axis("Share of the score", "%"),
        horizontal=True,
        alt=f"The largest part is {labels[int(np.argmax(share))]} with {share.max():.1f} %."
        if len(labels)
        else "No parts.",
    )


def describe_rank(result: Result) -> str:
    """Rank before and after what was dropped."""
    before, after = int(result.number("rank")), int(result.number("rank_without"))
    if result.number("mass_without") == 0:
        return f"Rank {before}; without what is dropped nothing reaches it, and it scores 0."
    if before == after:
        return f"Rank {before}, with and without."
    return f"Rank {before}, and {after} without what is dropped."
