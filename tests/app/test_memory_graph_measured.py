"""Memories side by side and growth, without a browser: shipped figures at once, links in."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.test_pages import texts

pytestmark = pytest.mark.usefixtures("runner_off")


def memories() -> None:
    import streamlit as st

    from pages.panels.memory_graph.memories import VIEW
    from pages.panels.memory_graph.scene import graph_lab

    with st.sidebar:
        scene = VIEW.settings(graph_lab())
    VIEW.show(scene)


def growth() -> None:
    from pages.panels.memory_graph.growth import VIEW
    from pages.panels.memory_graph.scene import graph_lab

    VIEW.show(VIEW.settings(graph_lab()))


def start(view, **query: str) -> AppTest:
    app = AppTest.from_function(view, default_timeout=60)
    for name, value in query.items():
        app.query_params[f"memory_graph.{name}"] = value
    app.run()
    assert not app.exception
    assert not app.error
    return app


def test_memories_show_their_shipped_result() -> None:
    app = start(memories)
    assert len(app.get("plotly_chart")) == 3
    said = texts(app)
    assert "finds most" in said and "Forgetting: paper -" in said
    assert "each new note recalls the 6 notes of earlier days" in said
    assert "Dense is left out" in said
    assert "have not been computed" not in said


def test_a_link_names_category_and_places() -> None:
    app = start(memories, category="2", cutoff="1")
    assert app.selectbox(key="memory_graph.category#choice").value == "2"
    assert start(memories, category="99").selectbox(key="memory_graph.category#choice").value == "0"


def test_growth_shows_curves_and_where_each_part_goes() -> None:
    app = start(growth)
    assert len(app.get("plotly_chart")) == 3
    said = texts(app)
    assert "The first limit is met at about" in said
    assert "FAISS" in said and "PostgreSQL" in said
