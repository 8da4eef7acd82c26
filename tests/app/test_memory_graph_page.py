"""The memory-graph page without a browser: views, presets, links in, and bad ones."""

from __future__ import annotations

import pytest

from engine.core import Preset, get_lab
from pages.kit.links import preset_query
from tests.app.test_pages import texts, visit

pytestmark = pytest.mark.usefixtures("runner_off")

VIEWS = {
    "wavefront": "How the question spreads",
    "duel": "Retrievers side by side",
    "why": "Why this passage?",
    "events": "Where a stream is cut",
    "evolution": "A-MEM: a new note rewrites old ones",
    "bench": "Threshold by damping",
    "more": "Thoughts in hash buckets",
    "forgetting": "What is forgotten, and when",
    "overview": "Your memory",
}
TABS = {
    "buckets": "Thoughts in hash buckets",
    "coat": "A search tree of thoughts",
    "hiagent": "Working memory by subgoals",
}
# A view that shows one of two things.
COMPARE = "A against B"
LAB = get_lab("memory_graph")


@pytest.mark.parametrize(("view", "heading"), VIEWS.items())
def test_every_view_shows_its_shipped_result(view: str, heading: str) -> None:
    app = visit("memory_graph", **{"memory_graph.view": view})
    assert any(heading in header.value for header in app.header)
    assert not app.warning
    assert "have not been computed" not in texts(app)
    assert app.get("plotly_chart")


@pytest.mark.parametrize("preset", LAB.presets, ids=lambda preset: preset.name)
def test_every_preset_opens_on_a_result(preset: Preset) -> None:
    app = visit("memory_graph", **preset_query(LAB, preset))
    assert not app.warning
    assert "have not been computed" not in texts(app)
    heading = TABS.get(preset.page.get("tab", ""), VIEWS[preset.page["view"]])
    if preset.page.get("bench") == "compare":
        heading = COMPARE
    assert any(heading in header.value for header in app.header)


def test_the_shipped_question_and_its_names_are_on_the_page() -> None:
    said = texts(visit("memory_graph"))
    assert "Casimir Ode" in said and "Answer: **Cape Verde**" in said
    assert "rank 93 at the start, 5 at the end" in said


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("memory_graph.damping", "7", "Damping"),
        ("memory_graph.method", "oracle", "Method"),
        ("memory_graph.step", "99", ""),
        ("memory_graph.node", "99999", ""),
        ("memory_graph.corpus", "/etc/passwd", ""),
    ],
)
def test_a_bad_value_gets_one_sentence_and_figures_stay(name: str, value: str, words: str) -> None:
    app = visit("memory_graph", **{name: value})
    said = " ".join(warning.value.replace("\\", "") for warning in app.warning)
    assert words.lower() in said.lower()
    assert len(app.warning) <= 1


def test_the_filter_chooses_a_question_of_its_kind() -> None:
    query = {"memory_graph.view": "duel", "memory_graph.filter": "graph loses"}
    assert "The chosen question is not among these" in texts(visit("memory_graph", **query))
