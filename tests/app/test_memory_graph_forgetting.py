"""The forgetting view without a browser: its link, its sentences, and memories that do not fit."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.test_pages import texts, visit

pytestmark = pytest.mark.usefixtures("runner_off")
VIEW = {"memory_graph.view": "forgetting"}


def test_every_formula_is_counted_on_the_day_of_the_link() -> None:
    said = texts(visit("memory_graph", **VIEW, **{"memory_graph.day": "2025-06-02"}))
    counted = re.search(
        r"On 2025-06-02, (\d+) entries are written\. Still there: (\d+) under the paper's formula, "
        r"(\d+) under the authors' code and (\d+) under the corrected formula",
        said,
    )
    assert counted
    written, paper, code, corrected = map(int, counted.groups())
    assert code < paper < corrected < written


def test_the_chosen_memory_question_and_formula_are_part_of_the_link() -> None:
    app = visit(
        "memory_graph",
        **VIEW,
        **{
            "memory_graph.memory": "3",
            "memory_graph.probe": "4",
            "memory_graph.formula": "code",
            "memory_graph.first": "paper",
        },
    )
    said = texts(app)
    assert "“Heron unpacked”, written on 2025-03-07" in said
    assert "became unreachable on" in said
    assert "Recalled most often: authors' code" in _titles(app)
    assert "Paper minus authors' code" in _titles(app)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("memory_graph.day", "1999-01-01"),
        ("memory_graph.memory", "99999"),
        ("memory_graph.probe", "-7"),
        ("memory_graph.formula", "ebbinghaus"),
    ],
)
def test_a_choice_that_is_not_there_is_let_go(name: str, value: str) -> None:
    app = visit("memory_graph", **VIEW, **{name: value})
    assert not app.warning
    assert "Still there" in texts(app)


def test_a_bad_setting_gets_one_sentence_and_the_figures_stay() -> None:
    app = visit("memory_graph", **VIEW, **{"memory_graph.least_retention": "7"})
    assert len(app.warning) == 1 and "Least retention" in app.warning[0].value
    assert app.get("plotly_chart")


def test_both_results_and_their_source_stand_beside_each_other() -> None:
    said = texts(visit("memory_graph", **VIEW))
    assert "paper 0.01 and 0.19; authors' code 0.37 and 0.05; corrected 0.37 and 0.72" in said
    assert "forget_memory.py" in said


def _titles(app: AppTest) -> str:
    return " ".join(chart.proto.spec for chart in app.get("plotly_chart"))
