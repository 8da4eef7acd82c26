"""Two settings side by side: the gain of each question, and the means of both."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars
from engine.labs.memory_graph.paired import Paired
from engine.labs.memory_graph.views.bench import TINY, signed

MOST = 60  # bars that can be told apart


def draw_gains(found: Paired, palette: Palette, *, cutoff: int = 5) -> go.Figure:
    """A bar for each question on which the two differ, wins first."""
    order = [*found.wins, *reversed(found.losses)]
    shown = order if len(order) <= MOST else [*order[: MOST // 2], *order[-MOST // 2 :]]
    count = len(found.gain)
    alike = count - len(order)
    cut = f"; the {len(shown)} largest differences" if len(shown) < len(order) else ""
    return bars(
        [f"{q + 1}" for q in shown] or ["none"],
        {"difference": found.gain[shown] if shown else np.zeros(1)},
        palette,
        title=f"Recall@{cutoff} of B minus A, question by question",
        subtitle=f"{count} questions, {alike} alike and not drawn{cut}",
        category="Number of the question",
        value=axis(f"Recall@{cutoff}, B minus A", "points"),
        alt=describe(found, cutoff),
    )


def describe(found: Paired, cutoff: int = 5) -> str:
    """Means, their difference with its interval, wins and losses, in words."""
    low, high = found.interval
    sure = low > TINY or high < -TINY
    verdict = (
        f"{'B' if found.mean > 0 else 'A'} is better beyond noise."
        if sure
        else "The interval includes zero: no difference can be told."
    )
    return (
        f"Mean recall@{cutoff}: A {found.first.mean():.1f} %, B {found.second.mean():.1f} %; "
        f"B minus A is {signed(found.mean)} points, paired 95 % interval "
        f"[{low:.1f}, {high:.1f}] over {len(found.gain)} questions. "
        f"B wins {len(found.wins)} questions and loses "
        f"{len(found.losses)}. {verdict}"
    )


def question_table(found: Paired, result: Result, questions: list[int]) -> dict[str, Any]:
    """The questions of a list with both values and their difference."""
    return {
        "Number": [q + 1 for q in questions],
        "Question": [result.notes["questions"][q] for q in questions],
        "A [%]": found.first[questions],
        "B [%]": found.second[questions],
        "B - A [points]": found.gain[questions],
    }


def summary_table(first: Result, second: Result) -> dict[str, list[Any]]:
    """Every metric of the two, one below the other."""
    names = [name for name in first.metrics if "recall" in name]
    return {
        "Measure": names,
        "A [%]": [first.number(name) for name in names],
        "B [%]": [second.number(name) for name in names],
        "B - A [points]": [second.number(name) - first.number(name) for name in names],
    }
