"""View 7: the benchmark bench, a grid or two settings side by side."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import streamlit as st

from engine.core import Lab, Result
from engine.labs.memory_graph.config import BenchConfig, EvaluateConfig, Files
from engine.labs.memory_graph.views.bench import (
    MEASURES,
    column_labels,
    compared,
    describe_cell,
    describe_grid,
    draw_gains,
    draw_grid,
    grid,
    grid_table,
    row_labels,
)
from pages.kit import (
    View,
    choose,
    explain,
    form,
    linked,
    obtain,
    offer,
    palette,
    say,
    section,
    select,
    set_values,
    show,
    take_away,
)
from pages.kit.components.matrix import Selection, matrix
from pages.panels.memory_graph import growth, memories
from pages.panels.memory_graph.bench_bars import show_ablations, show_methods, show_published
from pages.panels.memory_graph.compare import compare_settings, show_compare
from pages.panels.memory_graph.scene import (
    WALK,
    choose_files,
    left_out,
    offered_questions,
    show_without_gold,
)

MODES = {
    "grid": "Threshold by damping",
    "compare": "A against B",
    "memories": memories.VIEW.title,
    "growth": growth.VIEW.title,
}
NO_GOLD: View[None] = View("Bench", lambda lab: None, lambda scene: show_without_gold())
OTHERS: dict[str, View[Any]] = {"memories": memories.VIEW, "growth": growth.VIEW}
MODE = "memory_graph.bench"
CELL = "memory_graph.cell"
MEASURE = "memory_graph.measure"


@dataclass(frozen=True)
class Bench:
    """The lab and what is asked of it; ``other`` is setting B where two are compared."""

    lab: Lab
    settings: BenchConfig | EvaluateConfig
    other: EvaluateConfig | None = None


@dataclass(frozen=True)
class Other:
    """A bench with a panel of its own, and what its settings gave."""

    view: View[Any]
    scene: Any


def bench_settings(lab: Lab) -> Bench | Other:
    """The left column: what is benchmarked, on which memory and questions."""
    mode = choose("Bench", MODES, MODE, menu=True)
    if mode in OTHERS:
        return Other(OTHERS[mode], OTHERS[mode].settings(lab))
    name = "bench" if mode == "grid" else "evaluate"
    experiment = lab.experiment(name)
    files = choose_files(lab, experiment)
    assert isinstance(files, Files)
    if not offered_questions(files):
        return Other(NO_GOLD, None)
    if mode == "compare":
        return Bench(lab, *compare_settings(lab))
    fields = (*WALK, "thresholds", "dampings", "alike_by", "resamples", "seed")
    settings = form(lab, experiment, fields=fields)
    assert isinstance(settings, BenchConfig)
    return Bench(lab, settings)


def show_bench(bench: Bench | Other) -> None:
    """The grid with all that stands beside it, two settings against each other, or another."""
    if isinstance(bench, Other):
        bench.view.show(bench.scene)
        return
    if bench.other is not None:
        show_compare(bench.lab, bench.settings, bench.other)
        return
    lab, experiment = bench.lab, bench.lab.experiment("bench")
    section(
        "Threshold by damping",
        "The tuning grid, computed here: every cell is the recall over all questions that came "
        "with the memory. Choose a cell to see how far it is from the one with your settings.",
    )
    obtained = obtain(lab, experiment, bench.settings)
    if obtained.result is None:
        return
    result = obtained.result
    measure = choose("Measure", MEASURES, MEASURE)
    _grid(lab, result, measure)
    show_ablations(lab, result, measure)
    show_published(lab, result, measure)
    show_methods(lab, result, measure)
    left_out(result)
    explain(
        lab,
        "Bench",
        questions=int(result.number("questions")),
        others=int(result.number("cells")) - 1,
        apart=int(result.number("cells_apart")),
    )
    _files(result)
    take_away(lab, experiment, obtained)


def _grid(lab: Lab, result: Result, measure: str) -> None:
    values = grid(result, measure)
    rows, columns = values.shape
    here = compared(result)
    at = linked(CELL, here[0] * columns + here[1], low=0, high=rows * columns - 1)
    cell = divmod(at, columns)

    def chosen(selection: Selection) -> None:
        select(CELL, selection.row * columns + selection.column)

    ends = result.array("cell_interval")[..., result.notes["measures"].index(measure)]
    gains = result.array("cell_gain")[..., result.notes["measures"].index(measure)]
    matrix(
        values,
        key="memory_graph_grid",
        palette=palette(),
        title=f"{MEASURES[measure]} by threshold and damping",
        row_title="Synonym threshold",
        column_title="Damping",
        value=MEASURES[measure],
        unit="%",
        row_labels=row_labels(result),
        column_labels=column_labels(result),
        readouts={
            "from [%]": ends[..., 0],
            "to [%]": ends[..., 1],
            "difference [points]": gains,
        },
        selected=cell,
        on_select=chosen,
        height=230,
        alt=describe_grid(result, measure),
    )
    st.caption(
        f"{int(result.number('questions'))} questions, {int(result.number('passages')):,} "
        f"passages, {int(result.number('nodes')):,} nodes; intervals: 95 % bootstrap over questions"
    )
    offer(
        "memory_graph_grid",
        lambda: draw_grid(result, palette(), measure=measure, selected=cell),
        describe_grid(result, measure),
        lambda: grid_table(result),
    )
    say(lab, describe_grid(result, measure))
    say(lab, describe_cell(result, measure, cell))
    if cell != here:
        st.button(
            "Use this threshold and damping in every view",
            key="memory_graph.use-cell",
            on_click=_use,
            args=(lab, result, cell),
        )
    if values.size > 1:
        figure = draw_gains(result, palette(), measure=measure)
        show(
            figure,
            "memory_graph_gains",
            figure.layout.meta["alt"],
            export=lambda: grid_table(result),
        )


def _use(lab: Lab, result: Result, cell: tuple[int, int]) -> None:
    row, column = cell
    values = {
        "threshold": float(result.array("thresholds")[row]),
        "damping": float(result.array("dampings")[column]),
    }
    set_values(lab, lab.experiment("bench"), values)


def _files(result: Result) -> None:
    """The whole grid as one file a program reads; figures have their own exports."""
    st.download_button(
        "Whole grid (JSON)",
        lambda: json.dumps(
            {"metrics": dict(result.metrics), "cells": grid_table(result)}, indent=1
        ).encode(),
        file_name="memory_graph-grid.json",
        mime="application/json",
        key="memory_graph#grid-json",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


VIEW = View("Bench", bench_settings, show_bench)
