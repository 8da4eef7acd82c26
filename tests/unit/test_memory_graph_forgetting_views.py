"""Figures of a forgetting memory: axes with units, and sentences that say what the arrays hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest

from engine.core import Result
from engine.figures import Palette, check_axes
from engine.labs.memory_graph.views import forgetting, probes, retention, season
from tests.unit.test_memory_graph_forgetting import diary, play

LIGHT = Palette.light()
DRAWN: dict[str, Callable[[Result], go.Figure]] = {
    "alive": lambda r: forgetting.draw_alive(r, LIGHT, day=3),
    "difference": lambda r: forgetting.draw_difference(
        r, LIGHT, first="corrected", second="code", day=3
    ),
    "memory": lambda r: retention.draw_memory(r, LIGHT, memory=0, day=3),
    "curves": lambda r: retention.draw_curves(r, LIGHT, formula="code", memory=0, day=3),
    "cells": lambda r: retention.draw_cells(r, LIGHT, formula="paper"),
    "answerable": lambda r: probes.draw_answerable(r, LIGHT, day=3),
    "probes": lambda r: probes.draw_probes(r, LIGHT, probes=[0, 1], chosen=1, day=3),
}


def small(**settings: object) -> Result:
    return play(recalled_by="nothing", days_after=10, **settings)


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("by", ["threshold", "chance"])
def test_every_figure_has_axes_units_and_a_finding(name: str, by: str) -> None:
    figure = DRAWN[name](small(forget_by=by, draws=5))
    assert not check_axes(figure)
    assert len(figure.layout.meta["alt"]) > 40
    words = f"{figure.layout.title.subtitle.text} {figure.layout.meta['alt']}"
    if by == "chance" and name in ("alive", "difference", "memory", "curves"):
        assert "median of 5 draws" in words
        assert ("5 to 95 %" in words) == (name != "curves")


def test_the_count_of_a_day_is_said_for_every_formula() -> None:
    assert forgetting.describe_alive(small(), 3) == (
        "On 2024-05-04, 3 entries are written. Still there: 1 under the paper's formula, "
        "3 under the authors' code and 3 under the corrected formula."
    )


def test_the_last_day_of_an_answer_is_said_for_every_formula() -> None:
    said = probes.describe_probe(small(), 0)
    assert said == (
        "The answer to “Who mends the boiler?” became unreachable on 2024-05-06 under the paper's "
        "formula, became unreachable on 2024-05-11 under the authors' code and became unreachable "
        "on 2024-05-11 under the corrected formula."
    )
    kept = probes.describe_probe(small(least_retention=0.0), 0)
    assert kept.count("was still found at the end") == 3
    rows = probes.probe_table(small())
    assert [rows[0][name] for name in ("Paper", "Authors' code", "Corrected")] == [
        "2024-05-06",
        "2024-05-11",
        "2024-05-11",
    ]


def test_a_gantt_row_ends_where_the_answer_does() -> None:
    figure = probes.draw_probes(small(), LIGHT, probes=[1, 0], chosen=0, day=3)
    paper = next(trace for trace in figure.data if trace.name.startswith("Paper"))
    # Question 2 (row 0) by a of day 0 or its kin; question 1 (row 1) by c alone: days 3 and 4.
    at = [x for x, y in zip(paper.x, paper.y, strict=True) if y == y and round(y) == 1]
    assert at == ["2024-05-04", "2024-05-05"]
    assert {trace.marker.symbol for trace in figure.data[1:]} == {"circle", "square", "diamond"}


def test_what_went_today_is_listed_with_its_text() -> None:
    found = small()
    gone = forgetting.gone_between(found, "paper", 1, 2)
    assert gone == [0]
    row = forgetting.memory_table(found, "paper", gone)[0]
    assert row["Written"] == "2024-05-01" and row["Forgotten"] == "2024-05-03"
    assert row["Lived [d]"] == 2 and row["Text"].startswith("Anna plants")
    assert forgetting.only_there(found, "code", "paper", 3) == [0, 1]
    assert forgetting.only_there(found, "paper", "code", 3) == []


def test_a_recall_is_a_spike_back_to_one() -> None:
    found = diary()
    code = season.formulas(found).index("code")
    memory = season.telling_memory(found)
    figure = retention.draw_memory(found, LIGHT, memory=memory, day=3)
    kept = np.array(figure.data[code].y)
    recalls = int(season.recalls_of(found, code)[memory])
    assert recalls > 0
    rises = (np.diff(kept) > 0).sum()
    assert 0 < rises <= recalls
    assert (kept[1:][np.diff(kept) > 0] == 1).all()


def test_cells_are_empty_before_and_after_a_life() -> None:
    cells = retention.retention_cells(small(), "paper")
    assert np.isfinite(cells).sum(axis=1).tolist() == [2, 2, 2]
    assert cells[2, 3] == 1 and np.isnan(cells[2, 2]) and np.isnan(cells[2, 5])


def test_the_slip_is_in_numbers() -> None:
    said = forgetting.describe_slip(small())
    assert "paper 0.01 and 0.19; authors' code 0.37 and 0.05; corrected 0.37 and 0.72" in said


def test_the_difference_names_the_day_and_the_formula_that_keeps_more() -> None:
    said = forgetting.describe_difference(small(), "paper", "corrected")
    assert said.startswith("The corrected formula keeps up to 3 memories more, on 2024-05-06")
    assert "no difference" in forgetting.describe_difference(small(), "code", "code")


def test_recalls_are_described_as_they_are_made() -> None:
    assert season.describe_recalls(small()) == "Nothing is recalled in this season."
    assert "2 of the memory's own questions" in season.describe_recalls(
        diary(recalled_by="questions", asked_per_day=2)
    )
