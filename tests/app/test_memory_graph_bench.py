"""The bench on the page without a browser: grid, cells, comparisons, memories without gold."""

from __future__ import annotations

import pytest

from tests.app.test_pages import texts, visit

pytestmark = pytest.mark.usefixtures("runner_off")

BENCH = {"memory_graph.view": "bench"}
COMPARE = {**BENCH, "memory_graph.bench": "compare"}


def test_sizes_sources_and_the_warning_are_on_the_page() -> None:
    said = texts(visit("memory_graph", **BENCH))
    assert "52 questions, 139 passages" in said
    assert "Different corpus (139 passages instead of 11,656), therefore not comparable" in said
    assert "pairs that the paper orders" in said
    assert "the paired 95 % interval of the difference includes zero" in said


@pytest.mark.parametrize("measure", ["recall@2", "recall@10", "all_recall@5"])
def test_every_measure_has_its_figures(measure: str) -> None:
    app = visit("memory_graph", **BENCH, **{"memory_graph.measure": measure})
    assert not app.warning and len(app.get("plotly_chart")) == 6
    assert ("The paper has no ablations of" in texts(app)) == (measure != "recall@2")


def test_a_cell_of_a_link_is_told_and_can_be_taken_over() -> None:
    app = visit("memory_graph", **BENCH, **{"memory_graph.cell": "9"})
    assert "Threshold 0.8 with damping 0.9: recall@5" in texts(app)
    app.button(key="memory_graph.use-cell").click().run()
    assert not app.exception
    assert app.session_state["memory_graph.damping"] == 0.9
    assert app.session_state["memory_graph.threshold"] == 0.8


@pytest.mark.parametrize("cell", ["-1", "15", "x"])
def test_a_cell_that_is_not_there_is_another_one(cell: str) -> None:
    app = visit("memory_graph", **BENCH, **{"memory_graph.cell": cell})
    assert not app.warning and "Threshold 0." in texts(app)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("thresholds", "0.2", "Thresholds of the grid: must hold numbers from 0.5 to 1"),
        ("dampings", "a", "Dampings of the grid: must be numbers separated by commas"),
    ],
)
def test_a_bad_grid_gets_one_sentence_and_the_figures_stay(
    name: str, value: str, words: str
) -> None:
    app = visit("memory_graph", **BENCH, **{f"memory_graph.{name}": value})
    assert [words in warning.value.replace("\\", "") for warning in app.warning] == [True]
    assert app.get("plotly_chart")


@pytest.mark.parametrize("mode", ["grid", "compare", "memories"])
def test_a_memory_without_gold_is_told_what_it_needs_and_no_other_s_figures_stand(
    mode: str,
) -> None:
    query = {"memory_graph.corpus": "python-topics", "memory_graph.bench": mode}
    app = visit("memory_graph", **BENCH, **query)
    assert not app.warning and not app.get("plotly_chart")
    assert "This memory came without questions" in texts(app)
    assert '"gold"' in app.code[0].value


def test_two_settings_stand_side_by_side() -> None:
    app = visit("memory_graph", **COMPARE, **{"memory_graph.method": "bm25"})
    said = texts(app)
    assert "A: method bm25. B: method hipporag." in said
    assert "paired 95 % interval" in said and "52 questions" in said
    titles = [heading.value for heading in app.subheader]
    assert any(title.startswith("B wins") for title in titles)
    assert any(title.startswith("B loses") for title in titles)


def test_equal_settings_ask_for_a_change() -> None:
    said = texts(visit("memory_graph", **COMPARE, **{"memory_graph.b.method": "hipporag"}))
    assert "A and B are the same settings" in said and "no difference can be told" in said


def test_a_lost_question_opens_in_another_view() -> None:
    app = visit("memory_graph", **COMPARE, **{"memory_graph.method": "bm25"})
    app.button(key="memory_graph.b-loses-duel").click().run()
    assert not app.exception
    assert any("Retrievers side by side" in heading.value for heading in app.header)
    asked = app.session_state["memory_graph.question"]
    assert app.session_state["memory_graph.view"] == "duel" and asked != 8
