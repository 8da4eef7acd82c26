"""Retention curves: a memory under three formulas, a few under one, and all as a map of cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, heatmap, lines
from engine.figures.lines import Event
from engine.labs.memory_graph.views.season import (
    INTERVAL,
    NAMES,
    NEVER,
    OWNERS,
    day_of,
    draws_said,
    formulas,
    frame_days,
    label,
    long_name,
    on_dates,
    recalls_of,
)

CURVES = 6


def draw_memory(result: Result, palette: Palette, *, memory: int, day: int) -> go.Figure:
    """One memory under every formula; each recall lifts it back to 1."""
    series = [
        _curve(result, i, memory, long_name(formula)) for i, formula in enumerate(formulas(result))
    ]
    figure = _figure(
        result,
        palette,
        series,
        title="The chosen memory under each formula",
        subtitle=f"{label(result, memory)}; {draws_said(result)}",
        day=day,
        alt=describe_memory(result, memory),
    )
    # The life of the memory, with a little room; the chosen day may lie outside.
    born, end = int(result.array("born")[memory]), int(result.number("days")) - 1
    gone = result.array("gone")[:, memory]
    last = end if (gone == NEVER).any() else min(end, int(gone.max()))
    room = max(1, (last - born) // 20)
    return figure.update_xaxes(
        range=[day_of(result, born - room), day_of(result, min(end, last + room))],
    )


def draw_curves(
    result: Result, palette: Palette, *, formula: str, memory: int, day: int
) -> go.Figure:
    """The chosen memory, drawn thick, among those that are recalled most often."""
    index = formulas(result).index(formula)
    drawn = shown_curves(result, formula, memory)
    figure = _figure(
        result,
        palette,
        [
            replace(_curve(result, index, one, label(result, one)), low=None, high=None)
            for one in drawn
        ],
        title=f"Recalled most often: {NAMES[formula].lower()}",
        subtitle=f"the chosen memory is the thick line; {draws_said(result)}",
        day=day,
        alt=f"{describe_memory(result, memory)} Beside it the {len(drawn) - 1} memories recalled "
        f"most often under {OWNERS[formula]}.",
        height=440,  # the legend names each memory
    )
    for trace in figure.data:
        if "lines" in (trace.mode or "") and trace.fill is None:
            trace.line.width = 4 if trace.name == figure.data[0].name else 1.25
    return figure


def shown_curves(result: Result, formula: str, memory: int) -> list[int]:
    """The chosen memory and those recalled most often: as many curves as can be told apart."""
    often = recalls_of(result, formulas(result).index(formula))
    others = [one for one in np.argsort(-often, kind="stable").tolist() if one != memory]
    return [memory, *others[: CURVES - 1]]


def describe_memory(result: Result, memory: int) -> str:
    """When each formula forgot a memory, and how often it had been recalled."""
    parts = []
    for i, formula in enumerate(formulas(result)):
        gone = int(result.array("gone")[i, memory])
        recalls = recalls_of(result, i)[memory]
        how = "never forgotten" if gone == NEVER else f"forgotten on {day_of(result, gone)}"
        times = f"{recalls:.3g} recall{'' if recalls == 1 else 's'}"
        parts.append(f"{how} under {OWNERS[formula]} ({times})")
    born = day_of(result, result.array("born")[memory])
    title = result.notes["labels"][memory]
    return f"“{title}”, written on {born}: {', '.join(parts)}."


def retention_cells(result: Result, formula: str) -> np.ndarray:
    """Median retention (memory, frame), NaN where most draws do not hold the memory."""
    index = formulas(result).index(formula)
    kept = result.array("retention")[index].T.astype(np.float64)
    return np.where(result.array("there")[index].T > 0.5, kept, np.nan)


def draw_cells(result: Result, palette: Palette, *, formula: str) -> go.Figure:
    """All memories of the map by day, for files and reports; the page shows a canvas instead."""
    cells = retention_cells(result, formula)
    days = frame_days(result)
    return heatmap(
        cells,
        palette,
        title=f"Retention of every memory: {long_name(formula)}",
        subtitle=f"{len(cells):,} memories, the oldest on top; empty: not there",
        x=axis("Date"),
        y=axis("Memory"),
        value="Retention",
        x_labels=days,
        limits=(0.0, 1.0),
        reduce="mean",
        alt=describe_cells(result, formula),
    )


def describe_cells(result: Result, formula: str) -> str:
    """How long half of the memories live under a formula."""
    index = formulas(result).index(formula)
    gone, born = result.array("gone")[index], result.array("born")
    kept = int((gone == NEVER).sum())
    lived = np.where(gone == NEVER, np.inf, gone - born)
    middle = float(np.sort(lived)[(len(lived) - 1) // 2])
    half = "for good" if np.isinf(middle) else f"for at most {middle:g} days"
    return (
        f"Under {OWNERS[formula]} half of {len(gone):,} memories stay {half}; {kept:,} are there "
        "to the end."
    )


def _figure(
    result: Result,
    palette: Palette,
    series: list[Series],
    *,
    title: str,
    subtitle: str,
    day: int,
    alt: str,
    height: int = 380,
) -> go.Figure:
    threshold = result.notes["forget_by"] == "threshold"
    least = float(result.notes["least_retention"])
    figure = lines(
        series,
        palette,
        title=title,
        subtitle=subtitle,
        x=axis("Date"),
        y=axis("Retention", limits=(0.0, 1.18)),
        events=[Event(day, day_of(result, day))],
        level=(least, "least retention") if threshold else None,
        band=INTERVAL,
        alt=alt,
        height=height,
    )
    return on_dates(figure, result)


def _curve(result: Result, formula: int, memory: int, name: str) -> Series:
    """Retention from the day of writing until it was forgotten, with a spike at each recall."""
    frames = result.array("frame").astype(np.int64)
    born = int(result.array("born")[memory])
    gone = int(result.array("gone")[formula, memory])
    end = gone if gone != NEVER else int(frames[-1])
    lived = (frames >= born) & (frames <= end)
    at, kept = frames[lived], result.array("retention")[formula, lived, memory]
    if "retention_low" in result.fields:
        low, high = (
            result.array(f"retention_{side}")[formula, lived, memory] for side in ("low", "high")
        )
        return Series(name, at, kept, low, high)
    events = result.array("recall")
    own = (events[:, 0] == formula) & (events[:, 1] == memory)
    recalled = events[own, 2]
    at = np.concatenate([[born], at, recalled])
    kept = np.concatenate([[1.0], kept, np.ones(len(recalled))])
    # The recall of a day follows its load: first what was left, then 1 again.
    later = np.concatenate([[0], np.full(lived.sum(), 1), np.full(len(recalled), 2)])
    if gone != NEVER and gone not in frames:
        at, kept, later = np.append(at, gone), np.append(kept, 0.0), np.append(later, 1)
    order = np.lexsort((later, at))
    return Series(name, at[order], kept[order].astype(np.float64))
