"""The grid of thresholds and dampings: its cells, and how far each is from the compared one."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars, heatmap

MEASURES = {
    "recall@5": "Recall@5",
    "recall@2": "Recall@2",
    "recall@10": "Recall@10",
    "all_recall@5": "All-recall@5",
}
INTERVAL = "95 % bootstrap over questions"
TINY = 1e-9


def grid(result: Result, measure: str) -> np.ndarray:
    """The mean of a measure in every cell, in percent (thresholds, dampings)."""
    return result.array("cell_mean")[..., place(result, measure)]


def place(result: Result, measure: str) -> int:
    """Where a measure stands on the axis of measures."""
    return result.notes["measures"].index(measure)


def compared(result: Result) -> tuple[int, int]:
    """The cell that the others are compared with."""
    row, column = result.notes["compared"]
    return row, column


def row_labels(result: Result) -> list[str]:
    """The thresholds."""
    return [f"{value:g}" for value in result.array("thresholds")]


def column_labels(result: Result) -> list[str]:
    """The dampings."""
    return [f"{value:g}" for value in result.array("dampings")]


def draw_grid(
    result: Result, palette: Palette, *, measure: str, selected: tuple[int, int] | None = None
) -> go.Figure:
    """The grid as a heatmap with the numbers in its cells."""
    values = grid(result, measure)
    figure = heatmap(
        values,
        palette,
        title=f"{MEASURES[measure]} by threshold and damping",
        subtitle=f"{int(result.number('questions'))} questions, "
        f"{int(result.number('passages')):,} passages",
        x="Damping",
        y="Synonym threshold",
        value=MEASURES[measure],
        unit="%",
        x_labels=column_labels(result),
        y_labels=row_labels(result),
        selected=selected or compared(result),
        alt=describe_grid(result, measure),
        height=140 + 48 * len(values),
    )
    text = [[f"{value:.1f}" for value in row] for row in values]
    return figure.update_traces(text=text, texttemplate="%{text}", selector={"type": "heatmap"})


def apart(result: Result, measure: str) -> np.ndarray:
    """1 where a cell beats the compared one beyond its interval, -1 where it loses, else 0."""
    ends = result.array("cell_gain_interval")[..., place(result, measure)]
    return (ends[..., 0] > TINY).astype(int) - (ends[..., 1] < -TINY).astype(int)


def describe_grid(result: Result, measure: str) -> str:
    """The best cells, the compared one, and how many cells differ from it beyond noise."""
    values = grid(result, measure)
    here = compared(result)
    best = [tuple(cell) for cell in np.argwhere(values >= values.max() - TINY).tolist()]
    first = (
        f"{_named(result, here)} has {values[here]:.1f} % "
        f"{_interval(result, 'cell_interval', here, measure)}"
    )
    if here in best and len(best) == 1:
        standing = f"{first} and is the best of {values.size} cells."
    elif here in best:
        standing = f"{first}, the best, which {len(best) - 1} of the other cells reach as well."
    else:
        top = _named(result, best[0]).lower()
        standing = f"{first}; the best cell is {top} with {values.max():.1f} %."
    signs = apart(result, measure)
    better, worse, others = int((signs > 0).sum()), int((signs < 0).sum()), values.size - 1
    verdict = (
        f"Of the {others} other cells {better or 'none'} are better and {worse or 'none'} worse "
        f"beyond noise; for {others - better - worse} the paired 95 % interval of the difference "
        "includes zero."
    )
    return f"{standing} {verdict}" if others else standing


def describe_cell(result: Result, measure: str, cell: tuple[int, int]) -> str:
    """One cell: its value, its difference to the compared one, and the questions behind it."""
    value = grid(result, measure)[cell]
    words = (
        f"{_named(result, cell)}: {MEASURES[measure].lower()} {value:.1f} % "
        f"{_interval(result, 'cell_interval', cell, measure)}"
    )
    if cell == compared(result):
        return f"{words}. This is the cell that the others are compared with."
    gain = result.array("cell_gain")[cell][place(result, measure)]
    per_question = result.array("cell")[..., place(result, measure)]
    change = per_question[cell] - per_question[compared(result)]
    return (
        f"{words}; difference {signed(gain)} points "
        f"{_interval(result, 'cell_gain_interval', cell, measure)}. "
        f"{int((change > 0).sum())} questions are answered better and {int((change < 0).sum())} "
        f"worse than at the compared cell, {int((change == 0).sum())} alike."
    )


def draw_gains(result: Result, palette: Palette, *, measure: str) -> go.Figure:
    """The difference of every other cell to the compared one, with its paired interval."""
    at = place(result, measure)
    here = compared(result)
    cells = [cell for cell in np.ndindex(grid(result, measure).shape) if cell != here]
    gains = result.array("cell_gain")[..., at]
    ends = result.array("cell_gain_interval")[..., at]
    name = "difference"
    return bars(
        [f"{row_labels(result)[r]} / {column_labels(result)[c]}" for r, c in cells],
        {name: np.array([gains[cell] for cell in cells])},
        palette,
        low={name: np.array([ends[cell][0] for cell in cells])},
        high={name: np.array([ends[cell][1] for cell in cells])},
        interval="95 % paired bootstrap over questions, each cell by itself",
        horizontal=True,
        title=f"Difference to {_named(result, here).lower()}",
        subtitle=f"{int(result.number('questions'))} questions, the same resamples for all cells",
        category="Threshold / damping",
        value=axis(f"{MEASURES[measure]}, difference", "points"),
        alt=describe_grid(result, measure),
        height=130 + 24 * len(cells),
    )


def grid_table(result: Result) -> dict[str, Any]:
    """A row for each cell: all measures, their intervals, and the differences."""
    rows = [*np.ndindex(*result.array("cell_mean").shape[:2])]
    columns: dict[str, Any] = {
        "threshold": [float(result.array("thresholds")[r]) for r, _ in rows],
        "damping": [float(result.array("dampings")[c]) for _, c in rows],
        "questions": [int(result.number("questions"))] * len(rows),
    }
    for i, measure in enumerate(result.notes["measures"]):
        for name, field in (("", "cell"), ("difference of ", "cell_gain")):
            means = result.array("cell_mean" if field == "cell" else field)
            ends = result.array(f"{field}_interval")
            unit = "%" if field == "cell" else "points"
            columns[f"{name}{measure} [{unit}]"] = [float(means[cell][i]) for cell in rows]
            columns[f"{name}{measure}, low"] = [float(ends[cell][0, i]) for cell in rows]
            columns[f"{name}{measure}, high"] = [float(ends[cell][1, i]) for cell in rows]
    return columns


def _named(result: Result, cell: tuple[int, ...]) -> str:
    return f"Threshold {row_labels(result)[cell[0]]} with damping {column_labels(result)[cell[1]]}"


def _interval(result: Result, field: str, cell: tuple[int, int], measure: str) -> str:
    low, high = result.array(field)[cell][:, place(result, measure)]
    return f"[{low:.1f}, {high:.1f}]"


def signed(value: float) -> str:
    """With its sign; what rounds to nothing has none."""
    return f"{value:+.1f}" if abs(value) >= 0.05 else "0.0"
