"""How much is left of a memory on each day under each formula, and what has just gone."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, lines
from engine.figures.lines import Event
from engine.labs.memory_graph.living.forgetting import FORMULAS, Formula, retention
from engine.labs.memory_graph.views.season import (
    INTERVAL,
    NAMES,
    NEVER,
    OWNERS,
    day_of,
    draws_said,
    formulas,
    long_name,
    middle_and_ends,
    on_dates,
    recalls_of,
)

DAYS, WEAK, STRONG = 5, 1, 3


def draw_alive(result: Result, palette: Palette, *, day: int) -> go.Figure:
    """Memories that are there on each day: a line for each formula, with the chosen day."""
    series = []
    for i, formula in enumerate(formulas(result)):
        middle, low, high = middle_and_ends(result.array("alive")[i])
        series.append(Series(long_name(formula), np.arange(len(middle)), middle, low, high))
    figure = lines(
        series,
        palette,
        title="Memories still there",
        subtitle=f"of {int(result.number('memories')):,} dated entries; {draws_said(result)}",
        x=axis("Date"),
        y=axis("Memories", limits=None),
        events=[Event(day, day_of(result, day))],
        step=True,
        band=INTERVAL,
        alt=describe_alive(result, day),
    )
    return on_dates(figure, result).update_yaxes(rangemode="tozero")


def describe_alive(result: Result, day: int) -> str:
    """How many memories each formula has on a day."""
    written = int(result.array("written")[day])
    alive = result.array("alive")[:, :, day]
    parts = []
    for formula, draws in zip(formulas(result), alive, strict=True):
        middle, low, high = middle_and_ends(draws)
        words = _count(middle)
        if low is not None and high is not None:
            words += f" ({_count(low)} to {_count(high)})"
        parts.append(f"{words} under {OWNERS[formula]}")
    there = f"{', '.join(parts[:-1])} and {parts[-1]}"
    said = f"On {day_of(result, day)}, {written:,} entries are written. Still there: {there}."
    if alive.shape[1] == 1:
        return said
    return f"{said} (The {draws_said(result)}, in brackets {INTERVAL}.)"


def _count(value: float | np.ndarray) -> str:
    """A median of counts: whole, or a half."""
    return f"{float(value):,.1f}".removesuffix(".0")


def draw_difference(
    result: Result, palette: Palette, *, first: str, second: str, day: int
) -> go.Figure:
    """Memories under one formula minus those under another, day by day; draws are paired."""
    order = formulas(result)
    alive = result.array("alive").astype(np.int64)
    middle, low, high = middle_and_ends(alive[order.index(first)] - alive[order.index(second)])
    name = f"{NAMES[first]} minus {NAMES[second].lower()}"
    figure = lines(
        [Series(name, np.arange(len(middle)), middle, low, high)],
        palette,
        title=f"{NAMES[first]} minus {NAMES[second].lower()}",
        subtitle=f"memories still there; {draws_said(result)}",
        x=axis("Date"),
        y=axis("Difference in memories"),
        events=[Event(day, day_of(result, day))],
        level=(0.0, "no difference"),
        step=True,
        band=f"{INTERVAL}, the same draws under both",
        alt=describe_difference(result, first, second),
    )
    return on_dates(figure, result)


def describe_difference(result: Result, first: str, second: str) -> str:
    """Where two formulas differ most, and how many days they differ at all."""
    if first == second:
        return "Both are the same formula, so that there is no difference."
    order = formulas(result)
    alive = np.median(result.array("alive"), axis=1)
    apart = alive[order.index(first)] - alive[order.index(second)]
    at = int(np.argmax(np.abs(apart)))
    more = first if apart[at] >= 0 else second
    return (
        f"{OWNERS[more].capitalize()} keeps up to {_count(abs(apart[at]))} memories more, on "
        f"{day_of(result, at)}; the two differ on {int((apart != 0).sum())} of {len(apart)} days."
    )


def difference_table(result: Result, first: str, second: str) -> dict[str, object]:
    """The numbers behind ``draw_difference``: medians of both by day."""
    order = formulas(result)
    alive = np.median(result.array("alive"), axis=1)
    a, b = alive[order.index(first)], alive[order.index(second)]
    days = [day_of(result, day) for day in range(len(a))]
    return {"date": days, f"A: {first}": a, f"B: {second}": b, "A - B": a - b}


def describe_slip(result: Result) -> str:
    """What the three formulas make of a weak and a strong memory, and of this memory."""
    kept = [
        [float(retention(formula, np.array(DAYS), np.array(s))) for s in (WEAK, STRONG)]
        for formula in FORMULAS
    ]
    values = "; ".join(
        f"{NAMES[formula].lower()} {weak:.2f} and {strong:.2f}"
        for formula, (weak, strong) in zip(FORMULAS, kept, strict=True)
    )
    alive = ", ".join(
        f"{NAMES[formula].lower()} {result.number(f'mean_alive_{formula}'):.1f}"
        for formula in formulas(result)
    )
    return (
        f"After {DAYS} days, R at S = {WEAK} and S = {STRONG}: {values}. Memories there on a mean "
        f"day of this run: {alive}."
    )


def lasts(formula: Formula) -> bool:
    """Whether a stronger memory is kept better by a formula, at each of the first days."""
    days = np.arange(1, DAYS + 1)
    weak, strong = (retention(formula, days, np.array(s)) for s in (WEAK, STRONG))
    return bool((strong > weak).all())


def gone_between(result: Result, formula: str, after: int, until: int) -> list[int]:
    """Memories that were forgotten after the day ``after``, up to and with the day ``until``."""
    gone = result.array("gone")[formulas(result).index(formula)]
    found = np.flatnonzero((gone != NEVER) & (gone > after) & (gone <= until))
    return found[np.argsort(-gone[found], kind="stable")].tolist()


def only_there(result: Result, first: str, second: str, frame: int) -> list[int]:
    """Memories that most draws hold under ``first`` and not under ``second`` on a frame."""
    order = formulas(result)
    there = result.array("there")[:, frame] > 0.5
    return np.flatnonzero(there[order.index(first)] & ~there[order.index(second)]).tolist()


def memory_table(result: Result, formula: str, memories: list[int]) -> list[dict[str, object]]:
    """When each memory was written and forgotten, how often it was recalled, and its text."""
    index = formulas(result).index(formula)
    gone, born = result.array("gone")[index], result.array("born")
    recalls = recalls_of(result, index)
    rows = []
    for memory in memories:
        lost = int(gone[memory])
        rows.append(
            {
                "Written": day_of(result, born[memory]),
                "Forgotten": "never" if lost == NEVER else day_of(result, lost),
                "Lived [d]": None if lost == NEVER else lost - int(born[memory]),
                "Recalls": float(recalls[memory]),
                "Memory": result.notes["labels"][memory],
                "Text": result.notes["passages"][memory]["text"],
            }
        )
    return rows
