"""The event-boundary view without a browser: gamma is live, selections and bad links."""

from __future__ import annotations

import re

import pytest

from tests.app.test_pages import texts, visit

pytestmark = pytest.mark.usefixtures("runner_off")
VIEW = {"memory_graph.view": "events"}


def words(app) -> str:
    return texts(app) + "\n" + "\n".join(one.value for one in app.text)


def counts(app) -> list[str]:
    return re.findall(r"([\d,]+) events\.", texts(app))


def test_gamma_cuts_again_without_a_job():
    app = visit("memory_graph", **VIEW)
    before = counts(app)
    assert len(before) == 2  # of the paper and of the code
    app.slider(key="memory_graph.gamma").set_value(2.0).run()
    after = counts(app)
    assert not app.exception and not app.warning
    assert int(after[0].replace(",", "")) < int(before[0].replace(",", ""))
    assert "have not been computed" not in texts(app)
    assert "2 \\cdot" in "".join(one.value for one in app.markdown)


def test_surprise_at_gamma_two_is_said_to_be_no_better_than_chance():
    said = texts(visit("memory_graph", **VIEW, **{"memory_graph.gamma": "2.0"}))
    assert re.search(r"surprise \(0\.\d+\)[^;]*: \*\*no better than chance\*\*", said)
    assert "cannot be reproduced here" in said


def test_the_chosen_token_opens_its_event_and_its_neighbours():
    app = visit("memory_graph", **VIEW, **{"memory_graph.token": "600"})
    first = re.search(r"Event (\d+) of", texts(app))
    assert first and "Opens at token" in words(app)
    app.button(key="memory_graph_next").click().run()
    second = re.search(r"Event (\d+) of", texts(app))
    assert second and int(second[1]) == int(first[1]) + 1
    assert not app.exception


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("memory_graph.gamma", "99"),
        ("memory_graph.gamma", "x"),
        ("memory_graph.token", "99999999"),
        ("memory_graph.token", "-5"),
        ("memory_graph.statistics", "median"),
        ("memory_graph.drawn", "luck"),
        ("memory_graph.part", "7"),
        ("memory_graph.tolerance", "500"),
        ("memory_graph.n_mem", "1"),
        ("memory_graph.tokens", "1"),
        ("memory_graph.surprise_by", "oracle"),
    ],
)
def test_a_bad_link_leaves_the_figures(name: str, value: str):
    app = visit("memory_graph", **VIEW, **{name: value})
    assert len(app.warning) <= 1
    assert len(app.get("plotly_chart")) == 8


@pytest.mark.parametrize("statistics", ["paper", "code"])
@pytest.mark.parametrize("drawn", ["surprise", "modularity", "conductance"])
def test_every_way_to_cut_is_shown(statistics: str, drawn: str):
    query = {"memory_graph.statistics": statistics, "memory_graph.drawn": drawn}
    app = visit("memory_graph", **VIEW, **query, **{"memory_graph.token": "0"})
    assert not app.warning and len(app.get("plotly_chart")) == 8
    assert "No event lies before the local window here" in texts(app)
