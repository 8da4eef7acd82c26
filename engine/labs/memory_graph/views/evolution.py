"""A-MEM over all steps: how links and edits add up, recall as notes arrive, and the switches."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, lines
from engine.figures.lines import Event

MEMORIES = ("without evolution", "with evolution")
COUNTS = {"so far": "So far", "per step": "Per step"}
MOST_TICKS = 7


def draw_growth(result: Result, palette: Palette, *, step: int, count: str) -> go.Figure:
    """Links made, older notes changed and edits, by step; ``count``: "so far" or "per step"."""
    named = {
        "links made": result.array("links_made"),
        "older notes changed": result.array("notes_changed"),
        "edits of older notes": result.array("edits"),
    }
    if count == "so far":
        named = {name: np.cumsum(each) for name, each in named.items()}
        named["older notes changed"] = _ever_changed(result)
    steps = np.arange(1, len(result.array("edits")) + 1)
    return lines(
        [Series(name, steps, values) for name, values in named.items()],
        palette,
        title=f"What evolution did {count}",
        subtitle=f"{len(steps)} notes; an edit changes one field of an older note",
        x=axis("Notes that have come", "note"),
        y=axis("Count"),
        step=True,
        events=[Event(step + 1, "shown on the map")],
        alt=describe_growth(result),
    )


def _ever_changed(result: Result) -> np.ndarray:
    """Distinct older notes changed up to each step (step,)."""
    first = np.zeros(len(result.notes["labels"]), np.int64)
    seen: set[int] = set()
    for change in result.notes["changes"]:
        if change["note"] != change["cause"] and change["note"] not in seen:
            seen.add(change["note"])
            first[change["step"]] += 1
    return np.cumsum(first)


def describe_growth(result: Result) -> str:
    """The totals in one sentence."""
    notes, changed = int(result.number("notes")), int(result.number("changed notes"))
    edits, rebuilds = int(result.number("edits")), int(result.number("rebuilds"))
    return (
        f"{notes} notes made {int(result.number('links'))} links and {edits} edits, which changed "
        f"{changed} older notes; the index was rebuilt {rebuilds} "
        f"time{'' if rebuilds == 1 else 's'}."
    )


def draw_recall(result: Result, palette: Palette, *, step: int, k: int) -> go.Figure:
    """Evidence recall of the memory with and without evolution as notes arrive."""
    at, answered = result.array("checkpoint"), result.array("answered")
    low, high = result.number("low"), result.number("high")
    figure = lines(
        [
            Series(name, at, values)
            for name, values in zip(MEMORIES, result.array("recall"), strict=True)
        ],
        palette,
        title=f"Evidence recall@{k} as notes arrive",
        subtitle=f"below the notes, n questions whose gold has all come; at the end n = "
        f"{answered[-1]} and a difference of {signed(result.number('difference'))} points (95 % "
        f"bootstrap over questions: {signed(low)} to {signed(high)})",
        x=axis("Notes that have come", "note"),
        y=axis(f"Recall@{k}", "%", limits=(0, 103)),
        events=[Event(step + 1, "shown on the map")],
        alt=describe_recall(result, k),
    )
    # The number of questions grows with the notes: it stands below their number.
    ticks = np.unique(np.linspace(0, len(at) - 1, min(MOST_TICKS, len(at))).round().astype(int))
    texts = [f"{at[i]}<br>n {answered[i]}" for i in ticks]
    room = 0.03 * float(at[-1])
    return figure.update_xaxes(
        tickmode="array",
        tickvals=at[ticks],
        ticktext=texts,
        range=[float(at[0]) - room, float(at[-1]) + room],
    )


def describe_recall(result: Result, k: int) -> str:
    """What happened to recall, also where nothing did."""
    before, after = result.number("recall before"), result.number("recall after")
    low, high = result.number("low"), result.number("high")
    questions, moved = int(result.number("questions")), int(result.number("questions changed"))
    if not moved:
        return (
            f"Evolution changed the recall@{k} of none of the {questions} questions: "
            f"{before:.1f} % without it and with it."
        )
    told = (
        f"Recall@{k} is {before:.1f} % without evolution and {after:.1f} % with it: "
        f"{signed(after - before)} points, interval {signed(low)} to {signed(high)}, over "
        f"{questions} questions, {moved} of which changed."
    )
    if low > 0:
        return f"{told} Evolution helped."
    if high < 0:
        return f"{told} Evolution hurt."
    return f"{told} The interval holds zero: no effect can be told from chance."


def signed(points: float) -> str:
    """A difference with its sign, to a tenth.

    >>> signed(-2.04), signed(0)
    ('−2.0', '0.0')
    """
    text = f"{points:+.1f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def summary(result: Result, k: int) -> str:
    """Growth and recall together: what evolution did to this memory."""
    if "recall" not in result.fields:
        return describe_growth(result)
    return f"{describe_growth(result)} {describe_recall(result, k)}"
