"""Found boundaries against known borders, beside as many set at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars
from engine.labs.memory_graph.living.border_rows import DRAWS, BorderRow, score_methods
from engine.labs.memory_graph.living.recut import cut

GAMMA = 1.0  # standard deviations, as in the authors' configurations
TOLERANCE = 3  # tokens


def surprise_row(result: Result) -> BorderRow:
    """The boundaries by surprise against the known borders, as the view opens."""
    surprise = result.array("surprise")
    found = {"surprise": cut(surprise, GAMMA, "code").opening}
    return score_methods(found, result.array("border").astype(np.int64), len(surprise), TOLERANCE)[
        0
    ]


def draw_border_scores(
    rows: Sequence[BorderRow], palette: Palette, *, known: int, tolerance: int, diff: bool = False
) -> go.Figure:
    """F1 (or WindowDiff) of each method beside chance with as many borders."""
    value = [row.window_diff if diff else row.f1 for row in rows]
    chance = [row.chance_diff if diff else row.chance_f1 for row in rows]
    words = "chance"
    if diff:
        title, label, hint = "WindowDiff", "WindowDiff", "lower is better"
    else:
        title, label = "F1 of the boundaries", "F1"
        hint = f"higher is better; a hit lies within {tolerance} tokens"
    low, mean, high = zip(*chance, strict=True)
    return bars(
        [row.name for row in rows],
        {"method": value, words: mean},
        palette,
        low={words: low},
        high={words: high},
        interval=f"95 % of {DRAWS} seeded draws of as many random borders",
        title=title,
        subtitle=f"{known} known borders; {hint}",
        category="Method",
        value=axis(label),
        alt="; ".join(
            f"{row.name} {v:.3f}, chance {m:.3f}"
            for row, v, m in zip(rows, value, mean, strict=True)
        ),
        height=340,
    )


def describe_borders(rows: Sequence[BorderRow], known: int) -> str:
    """Which methods beat chance, and which do not."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row.verdict, []).append(f"{row.name} ({row.f1:.3f})")
    best = max(rows, key=lambda row: row.f1)
    many = best.borders / max(known, 1)
    found = (
        f"{best.borders} boundaries are {many:.2g} times as many as the {known} known borders. "
        f"{best.name.capitalize()} places {100 * best.precision:.0f} % of its boundaries at a "
        f"known border, and finds {100 * best.recall:.0f} % of the known ones. "
    )
    order = ("better than chance", "no better than chance", "worse than chance")
    said = [f"{', '.join(groups[v])}: **{v}**" for v in order if v in groups]
    return f"{found}By F1: {'; '.join(said)}."


def border_table(rows: Sequence[BorderRow]) -> dict[str, list[float | int | str]]:
    """What the bars show, a row a method."""
    return {
        "method": [row.name for row in rows],
        "boundaries": [row.borders for row in rows],
        "precision": [row.precision for row in rows],
        "recall": [row.recall for row in rows],
        "F1": [row.f1 for row in rows],
        "chance F1 low": [row.chance_f1[0] for row in rows],
        "chance F1 mean": [row.chance_f1[1] for row in rows],
        "chance F1 high": [row.chance_f1[2] for row in rows],
        "WindowDiff": [row.window_diff for row in rows],
        "chance WindowDiff low": [row.chance_diff[0] for row in rows],
        "chance WindowDiff mean": [row.chance_diff[1] for row in rows],
        "chance WindowDiff high": [row.chance_diff[2] for row in rows],
    }
