"""What the steps of a walk do to the ranks of the gold and to recall."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, lines
from engine.figures.lines import Event

MOST_NAME = 42


def step_names(result: Result) -> list[str]:
    """``the question alone``, ``step 1``, ..."""
    return ["the question alone", *(f"step {i}" for i in range(1, result["mass"].size("step")))]


def gold_names(result: Result) -> list[str]:
    """Titles of the gold passages, cut to what a legend holds."""
    passages = result.notes["passages"]
    titles = [passages[i]["title"] or passages[i]["text"] for i in result.notes["gold"]]
    return [t if len(t) <= MOST_NAME else f"{t[: MOST_NAME - 1]}…" for t in titles]


def draw_gold_ranks(result: Result, palette: Palette, *, step: int) -> go.Figure:
    """The rank of each gold passage after each step, on a logarithmic scale; 1 is best."""
    ranks = result.array("gold_rank")
    steps = np.arange(len(ranks))
    passages = len(result.notes["passages"])
    return lines(
        [Series(name, steps, ranks[:, i]) for i, name in enumerate(gold_names(result))],
        palette,
        title="Rank of each gold passage",
        subtitle=f"among {passages} passages; lower is better",
        x=axis("Steps of the walk", "step"),
        y=axis("Rank", log=True),
        events=[Event(step, "shown on the map")],
        alt=describe_ranks(result),
    )


def draw_step_recall(result: Result, palette: Palette, *, step: int) -> go.Figure:
    """The share of the gold among the first few passages after each step."""
    recall = result.array("recall").astype(np.float64)
    steps = np.arange(len(recall))
    first, last = recall[0, -1], recall[-1, -1]
    k = result.notes["cutoffs"][-1]
    return lines(
        [
            Series(f"recall@{cutoff}", steps, recall[:, i])
            for i, cutoff in enumerate(result.notes["cutoffs"])
        ],
        palette,
        title="Recall after each step",
        subtitle=f"one question with {len(result.notes['gold'])} gold passages",
        x=axis("Steps of the walk", "step"),
        y=axis("Recall", "%", limits=(-3, 116)),  # the event is named above 100 %
        events=[Event(step, "shown on the map")],
        alt=f"Recall@{k} is {first:.0f} % before the first step and {last:.0f} % at the end.",
    )


def describe_ranks(result: Result) -> str:
    """What the walk did for the gold, in one sentence a passage."""
    if "gold_rank" not in result.fields:
        return "This question came without gold passages."
    first, last = result.array("gold_rank")[[0, -1]]
    parts = [
        f"{name}: rank {a} at the start, {b} at the end"
        for name, a, b in zip(gold_names(result), first, last, strict=True)
    ]
    return f"{'; '.join(parts)}."


def ranking_table(result: Result, step: int) -> list[dict[str, object]]:
    """The first passages after a step, with their share of what all passages score."""
    phrases = int(result.number("phrases"))
    scores = result.array("mass")[step, phrases:].astype(np.float64)
    total = float(scores.sum()) or 1.0
    gold = set(result.notes["gold"])
    rows = []
    for place, passage in enumerate(result.array("top")[step].tolist(), start=1):
        words = result.notes["passages"][passage]
        rows.append(
            {
                "Rank": place,
                "Gold": "gold" if passage in gold else "",
                "Passage": words["title"],
                "Date": words["when"],
                "Share [%]": 100 * scores[passage] / total,
                "Text": words["text"],
            }
        )
    return rows
