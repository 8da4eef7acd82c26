"""Retention of the chosen memory, of a few others, and of all as cells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from engine.core import Result
from engine.labs.memory_graph.views.retention import (
    describe_cells,
    describe_memory,
    draw_cells,
    draw_curves,
    draw_memory,
    retention_cells,
    shown_curves,
)
from engine.labs.memory_graph.views.season import formulas, frame_days, label, long_name
from pages.kit import offer, palette, plain, section, show
from pages.kit.components.matrix import matrix


def show_curves(
    result: Result,
    formula: str,
    memory: int,
    day: int,
    choose_cell: Callable[[Result, int, int], None],
) -> None:
    """Curves with a spike at each recall; below them a cell for each memory and day."""
    section(
        "Retention",
        "Each recall lifts a memory back to 1 and makes it stronger. Under the authors' code the "
        "stronger memory then falls faster.",
    )
    figure = draw_memory(result, palette(), memory=memory, day=day)
    show(
        figure,
        "memory_graph_retention",
        figure.layout.meta["alt"],
        export=lambda: _curves(result, [memory], formulas(result)),
    )
    st.markdown(plain(describe_memory(result, memory)))
    figure = draw_curves(result, palette(), formula=formula, memory=memory, day=day)
    show(
        figure,
        "memory_graph_often",
        figure.layout.meta["alt"],
        export=lambda: _curves(result, shown_curves(result, formula, memory), [formula]),
    )
    cells, days = retention_cells(result, formula), frame_days(result)
    frame = int(np.searchsorted(result.array("frame"), day))
    alt = describe_cells(result, formula)
    matrix(
        cells,
        key="memory_graph_cells",
        palette=palette(),
        title=f"Every memory: {long_name(formula)}",
        row_title="Memory",
        column_title="Date",
        value="Retention",
        row_labels=[label(result, i) for i in range(len(cells))],
        column_labels=days,
        limits=(0.0, 1.0),
        selected=(memory, frame),
        on_select=lambda cell: choose_cell(result, cell.row, cell.column),
        height=360,
        alt=alt,
    )
    st.caption(f"{alt} An empty cell: not written yet, or forgotten. Click a cell to choose it.")
    offer(
        "memory_graph_cells",
        lambda: draw_cells(result, palette(), formula=formula),
        alt,
        lambda: {"memory": result.notes["labels"], **dict(zip(days, cells.T, strict=True))},
    )


def _curves(result: Result, memories: list[int], which: list[str]) -> pd.DataFrame:
    """A row for each day, memory and formula that is drawn."""
    order, days = formulas(result), frame_days(result)
    return pd.concat(
        pd.DataFrame(
            {
                "date": days,
                "memory": result.notes["labels"][memory],
                "formula": formula,
                "retention": retention_cells(result, formula)[memory],
            }
        )
        for formula in order
        if formula in which
        for memory in memories
    )
