"""What the figures of a forgetting memory share: names of formulas, days, memories, medians."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result

NAMES = {"paper": "Paper", "code": "Authors' code", "corrected": "Corrected"}
EQUATIONS = {"paper": "exp(−t/S)", "code": "exp(−t·S/5)", "corrected": "exp(−t/(5·S))"}
OWNERS = {
    "paper": "the paper's formula",
    "code": "the authors' code",
    "corrected": "the corrected formula",
}
NEVER = -1
INTERVAL = "5 to 95 % of draws"
LOW, HIGH = 5, 95
MOST_LETTERS = 44


def formulas(result: Result) -> list[str]:
    """In the order of the axis ``formula``."""
    return list(result.notes["formulas"])


def long_name(formula: str) -> str:
    """``Paper: exp(−t/S)``."""
    return f"{NAMES[formula]}: {EQUATIONS[formula]}"


def day_of(result: Result, offset: int) -> str:
    """The ISO date of a day of the timeline."""
    return (date.fromisoformat(result.notes["first"]) + timedelta(days=int(offset))).isoformat()


def frame_days(result: Result) -> list[str]:
    """The ISO date of each frame of the map."""
    return [day_of(result, offset) for offset in result.array("frame")]


def telling_frame(result: Result) -> int:
    """The frame on which the formulas disagree most about how much is left.

    Of those on which the corrected formula forgets something, where there are any.
    """
    frames = result.array("frame")
    alive = np.median(result.array("alive"), axis=1)[:, frames]
    apart = alive.max(axis=0) - alive.min(axis=0)
    forgets = np.isin(frames, result.array("gone")[formulas(result).index("corrected")])
    return int(np.argmax(np.where(forgets | ~forgets.any(), apart, -1.0)))


def telling_memory(result: Result) -> int:
    """The memory that lived longest under the authors' code and yet longer when corrected."""
    lives = lifetimes(result)
    order = formulas(result)
    code, corrected = lives[order.index("code")], lives[order.index("corrected")]
    return int(np.argmax(np.where(corrected > code, code, -1)))


def lifetimes(result: Result) -> np.ndarray:
    """Days from its writing until a memory was forgotten, or until the end (formula, memory)."""
    gone = result.array("gone")
    end = int(result.number("days"))
    return np.where(gone == NEVER, end, gone) - result.array("born")


def recalls_of(result: Result, formula: int) -> np.ndarray:
    """Recalls of each memory under one formula, a mean over draws (memory,)."""
    events = result.array("recall")
    own = events[:, 0] == formula
    count = result.array("recall_count")[own]
    return np.bincount(events[own, 1], weights=count, minlength=len(result.array("born")))


def label(result: Result, memory: int) -> str:
    """A memory's day and title, cut to what a legend holds."""
    words = f"{day_of(result, result.array('born')[memory])} {result.notes['labels'][memory]}"
    return words if len(words) <= MOST_LETTERS else f"{words[: MOST_LETTERS - 1]}…"


def draws_said(result: Result) -> str:
    """``median of 20 draws``, or how a threshold forgets."""
    if result.notes["forget_by"] == "chance":
        return f"median of {int(result.number('draws'))} draws"
    return f"forgotten below a retention of {result.notes['least_retention']:g}"


def describe_recalls(result: Result) -> str:
    """What is asked of the memory each day, and how many recalls come of it."""
    k, by = result.notes["found_k"], result.notes["recalled_by"]
    if by == "nothing" or not len(result.array("recall")):
        return "Nothing is recalled in this season."
    asked = {
        "entries": f"Each new entry asks for the {k} that are closest to it",
        "questions": f"On each day {result.notes['asked_per_day']} of the memory's own questions, "
        f"drawn with the seed once their answers are written, ask for the {k} closest",
    }[by]
    counts = [
        f"{result.number(f'recalls_{formula}'):,.0f} under {OWNERS[formula]}"
        for formula in formulas(result)
    ]
    return (
        f"{asked} among what is still there; these are recalled: {', '.join(counts[:-1])} and "
        f"{counts[-1]}."
    )


def middle_and_ends(values: np.ndarray) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Median over the axis ``draw`` of (draw, ...), and the interval where there are draws."""
    if len(values) == 1:
        return values[0].astype(np.float64), None, None
    low, middle, high = np.percentile(values, (LOW, 50, HIGH), axis=0)
    return middle, low, high


def on_dates(figure: go.Figure, result: Result) -> go.Figure:
    """Days of the timeline on the x axis as dates; what stands on the paper stays."""

    def named(offset: float) -> str:
        return day_of(result, round(float(offset)))

    for trace in figure.data:
        trace.x = [None if at is None or np.isnan(at) else named(at) for at in trace.x]
    for shape in figure.layout.shapes:
        if shape.xref == "x":
            shape.x0, shape.x1 = named(shape.x0), named(shape.x1)
    for note in figure.layout.annotations:
        if note.xref in (None, "x"):
            note.x = named(note.x)
    end = int(result.number("days")) - 1
    return figure.update_xaxes(type="date", range=[named(0), named(end)], hoverformat="%Y-%m-%d")
