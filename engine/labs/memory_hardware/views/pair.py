"""One layer of one token on two memories: both waterfalls on one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from engine.figures import Palette, axis
from engine.figures.axes import compose, escape
from engine.figures.palette import PATTERNS
from engine.labs.memory_hardware.views.parts import UNITS
from engine.labs.memory_hardware.views.token import run_words
from engine.labs.memory_hardware.views.whatif import SIDES, diverging
from engine.labs.memory_hardware.walk import Placed


@dataclass(frozen=True)
class Step:
    """Runs of one part that follow each other; nanoseconds since the layer began."""

    name: str
    runs: tuple[Placed, ...]
    start: float
    end: float


def steps_of(runs: Sequence[Placed], tck_ns: float) -> list[Step]:
    """The parts of a layer in order; one that comes again is numbered."""
    begin = runs[0].start
    groups: list[list[Placed]] = []
    for one in runs:
        if groups and groups[-1][0].run.label == one.run.label:
            groups[-1].append(one)
        else:
            groups.append([one])
    seen: dict[str, int] = {}
    steps = []
    for group in groups:
        label = group[0].run.label
        seen[label] = seen.get(label, 0) + 1
        name = label if seen[label] == 1 else f"{label}, {seen[label]}"
        start, end = ((at - begin) * tck_ns for at in (group[0].start, group[-1].end))
        steps.append(Step(name, tuple(group), start, end))
    return steps


def together(a: Sequence[Step], b: Sequence[Step]) -> list[tuple[str, Step | None, Step | None]]:
    """The steps of both by name, in the order of A; what only B has comes last."""
    first, second = {s.name: s for s in a}, {s.name: s for s in b}
    return [(name, first.get(name), second.get(name)) for name in dict.fromkeys([*first, *second])]


def describe_pair(a: Sequence[Step], b: Sequence[Step]) -> str:
    """How long the layer takes on both, and the step with the largest difference."""
    rows = [(n, y.end - y.start - x.end + x.start) for n, x, y in together(a, b) if x and y]
    whole = f"{a[-1].end / 1e3:,.2f} µs on A and {b[-1].end / 1e3:,.2f} µs on B"
    if not rows or not any(gap for _, gap in rows):
        return f"{whole}."
    name, gap = max(rows, key=lambda row: abs(row[1]))
    more = "more" if gap > 0 else "less"
    return f"{whole}; {name} differs the most, by {abs(gap) / 1e3:,.2f} µs {more} on B."


def pair_table(a: Sequence[Step], b: Sequence[Step]) -> dict[str, object]:
    """Start and end of each step on both, and how far B is behind after it."""
    rows = together(a, b)
    table: dict[str, object] = {"step": [name for name, *_ in rows]}
    for side, place in zip(SIDES, (1, 2), strict=True):
        steps = [row[place] for row in rows]
        table[f"{side} start [ns]"] = [s.start if isinstance(s, Step) else None for s in steps]
        table[f"{side} end [ns]"] = [s.end if isinstance(s, Step) else None for s in steps]
    table["B behind A [ns]"] = [y.end - x.end if x and y else None for _, x, y in rows]
    return table


def draw_pair(
    a: Sequence[Step], b: Sequence[Step], palette: Palette, *, tck_ns: Sequence[float], title: str
) -> go.Figure:
    """A line for each step and side; colour and pattern say what was at work."""
    rows = together(a, b)
    figure = compose(
        palette,
        title=title,
        x=axis("Time since the layer began", "µs"),
        y=axis("Step, in order"),
        alt=describe_pair(a, b),
        height=150 + 38 * len(rows),
    )
    drawn = _spans(a, 0, rows, tck_ns[0]) + _spans(b, 1, rows, tck_ns[1])
    for i, unit in enumerate(UNITS):
        mine = [span for span in drawn if span.unit == unit]
        if not mine:
            continue
        figure.add_bar(
            base=[span.base for span in mine],
            x=[span.width for span in mine],
            y=[span.at for span in mine],
            width=0.36,
            orientation="h",
            name=escape(UNITS[unit]),
            customdata=[[span.side, escape(span.words)] for span in mine],
            marker={
                "color": palette.category(i),
                "pattern": {"shape": PATTERNS[i % len(PATTERNS)], "solidity": 0.25},
            },
            hovertemplate="%{customdata[0]}: %{customdata[1]}<br><b>%{x:.4g} µs</b> from "
            "%{base:.4g} µs<extra>%{fullData.name}</extra>",
        )
    ticks = [(row + 0.4 * side - 0.2, f"{rows[row][0]} · A" if not side else "B")
             for row in range(len(rows)) for side in (0, 1)]  # fmt: skip
    figure.update_yaxes(
        tickmode="array", tickvals=[at for at, _ in ticks],
        ticktext=[escape(words) for _, words in ticks], showgrid=False,
        range=[len(rows) - 0.5, -0.5],
    )  # fmt: skip
    return figure.update_layout(barmode="overlay", showlegend=True)


@dataclass(frozen=True)
class _Span:
    """A run as a bar: its line, and µs since the layer began."""

    unit: str
    at: float
    base: float
    width: float
    side: str
    words: str


def _spans(
    steps: Sequence[Step], side: int, rows: Sequence[tuple[str, object, object]], tck_ns: float
) -> list[_Span]:
    place = {name: row for row, (name, *_) in enumerate(rows)}
    begin = steps[0].runs[0].start
    return [
        _Span(
            one.run.unit,
            place[step.name] + 0.4 * side - 0.2,
            (one.start - begin) * tck_ns / 1e3,
            (one.end - one.start) * tck_ns / 1e3,
            SIDES[side],
            run_words(one),
        )
        for step in steps
        for one in step.runs
    ]


def draw_lag(a: Sequence[Step], b: Sequence[Step], palette: Palette) -> go.Figure:
    """How far B is behind or ahead of A when each step ends."""
    rows = [(name, y.end - x.end) for name, x, y in together(a, b) if x and y]
    lag = np.array([gap for _, gap in rows]) / 1e3
    return diverging(
        [name for name, _ in rows],
        lag,
        palette,
        title=f"How far B is {_way(lag)} after each step",
        subtitle="both begin the layer at the same time",
        category="Step",
        value="End on B minus end on A",
        words=("B is behind", "B is ahead"),
        alt=f"After the last step {_last(lag[-1])}." if len(lag) else "No step.",
    )


def _way(lag: np.ndarray) -> str:
    """ "behind" where no step has B ahead, "ahead" where none has it behind."""
    if not (lag < 0).any():
        return "behind"
    return "behind or ahead" if (lag > 0).any() else "ahead"


def _last(lag: float) -> str:
    if not lag:
        return "A and B are level"
    return f"B is {abs(lag):,.2f} µs {'behind' if lag > 0 else 'ahead of'} A"
