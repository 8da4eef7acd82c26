"""One layer of one token: its runs in order, each where it stands in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from engine.core.units import count, percent
from engine.figures import Palette
from engine.figures.axes import axis, compose, escape
from engine.figures.palette import PATTERNS
from engine.labs.memory_hardware.program import Compiler, Run
from engine.labs.memory_hardware.rows import row_cycles
from engine.labs.memory_hardware.views.parts import UNITS
from engine.labs.memory_hardware.walk import Placed

ORDER = tuple(UNITS)


def of_layer(placed: Sequence[Placed], layer: int) -> list[Placed]:
    """The runs of one layer; -1 for what follows the last."""
    return [one for one in placed if one.layer == layer]


def describe_layer(runs: Sequence[Placed], tck_ns: float) -> str:
    """The longest run, and the time of all."""
    whole = runs[-1].end - runs[0].start
    longest = max(runs, key=lambda one: one.cycles)
    share = longest.cycles / max(1, whole)
    return (
        f"{whole * tck_ns / 1e3:,.2f} µs in {len(runs)} runs; the longest is "
        f"{longest.run.label} ({UNITS[longest.run.unit]}), {percent(share)}."
    )


def run_words(one: Placed) -> str:
    """A run as a label: what it is for, and what it does to how many rows."""
    run = one.run
    if not run.in_memory:
        return run.label
    rows = f"{run.rows:,} stretches" if run.unit == "read" else count(run.rows, "row")
    if run.unit == "write" and run.banks > 1:
        return f"{run.label}, {rows} in every bank, {count(run.columns, 'number')} each"
    return f"{run.label}, {rows}, {count(run.columns, 'column')}{' each' * (run.rows > 1)}"


def layer_table(runs: Sequence[Placed], tck_ns: float) -> dict[str, object]:
    """The runs of a layer as columns."""
    return {
        "part": [one.run.label for one in runs],
        "at work": [UNITS[one.run.unit] for one in runs],
        "rows": [one.run.rows if one.run.in_memory else 0 for one in runs],
        "columns of a row": [one.run.columns if one.run.in_memory else 0 for one in runs],
        "refreshes": [one.refreshes for one in runs],
        "start ns": [one.start * tck_ns for one in runs],
        "ns": [one.cycles * tck_ns for one in runs],
    }


def draw_layer(
    runs: Sequence[Placed], palette: Palette, *, tck_ns: float, title: str, selected: int
) -> go.Figure:
    """A waterfall: time to the right, a run a line, refreshes within it said in its hover."""
    begin = runs[0].start
    starts = np.array([(one.start - begin) * tck_ns / 1e3 for one in runs])
    widths = np.array([one.cycles * tck_ns / 1e3 for one in runs])
    figure = compose(
        palette,
        title=title,
        x=axis("Time since the first of these runs", "µs"),
        y=axis("Run, in order"),
        alt=describe_layer(runs, tck_ns),
        height=140 + 22 * len(runs),
    )
    for i, unit in enumerate(ORDER):
        at = [k for k, one in enumerate(runs) if one.run.unit == unit]
        if not at:
            continue
        figure.add_bar(
            base=starts[at],
            x=widths[at],
            y=at,
            orientation="h",
            name=escape(UNITS[unit]),
            customdata=[
                [escape(run_words(runs[k])), runs[k].number, runs[k].refreshes] for k in at
            ],
            marker={
                "color": palette.category(i),
                "pattern": {"shape": PATTERNS[i % len(PATTERNS)], "solidity": 0.25},
                "line": {"color": palette.ink,
                         "width": [2.5 if runs[k].number == selected else 0 for k in at]},
            },
            hovertemplate="%{customdata[0]}<br><b>%{x:.4g} µs</b> from %{base:.4g} µs"
            "<br>refreshes: %{customdata[2]}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    names = [escape(run_words(one)) for one in runs]
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(runs))), ticktext=names, showgrid=False,
        range=[len(runs) - 0.5, -0.5],
    )  # fmt: skip
    return figure.update_layout(barmode="overlay", showlegend=True)


def row_numbers(compiler: Compiler) -> dict[str, float | int | str]:
    """The present numbers of the equation of a row; none where rows are read over the pins."""
    t, columns = compiler.timing, compiler.row_columns
    if not compiler.geometry.lanes:
        return {}
    row = int(row_cycles(Run("any", "mac", 1, columns, compiler.banks), t))
    return {
        "rcd": t["rcd_mac"],
        "columns": columns,
        "ccd": t["ccd"],
        "rtp": t["rtp"],
        "ras": t["ras"],
        "rp": t["rp"],
        "row": row,
        "useful": f"{100 * columns * t['ccd'] / row:.0f}",
    }
