"""The three tabs of "More memories" without a browser."""

from __future__ import annotations

import pytest

from tests.app.test_pages import texts, visit

pytestmark = pytest.mark.usefixtures("runner_off")

MORE = {"memory_graph.view": "more"}


def open_tab(name: str, **query: str):
    return visit("memory_graph", **MORE, **{"memory_graph.tab": name, **query})


@pytest.mark.parametrize(
    ("tab", "figures", "words"),
    [
        ("buckets", 2, ["With 32 buckets", "unverified", "share one of 32 buckets", "TF-IDF"]),
        ("coat", 3, ["Casimir Ode", "Best path", "arXiv 2502.02390", "not clear"]),
        ("hiagent", 2, ["flat exceeds 1,500", "We measure tokens, not success", "retrieve"]),
    ],
)
def test_every_tab_shows_its_shipped_result(tab: str, figures: int, words: list[str]) -> None:
    app = open_tab(tab)
    assert not app.warning
    said = texts(app)
    assert "have not been computed" not in said
    for word in words:
        assert word in said
    assert len(app.get("plotly_chart")) == figures


def test_the_sentence_of_the_preset_tells_both_fates() -> None:
    thought = "Corrameen Bog belongs to Nuala Garrity. Corrameen Bog belongs to Fintan Garrity."
    said = texts(open_tab("buckets", **{"memory_graph.thought": thought}))
    assert "so both are kept" in said and "% of the hash seeds" in said


def test_a_chosen_bucket_step_and_measure_come_from_the_link() -> None:
    assert "Bucket 5:" in " ".join(
        one.value for one in open_tab("buckets", **{"memory_graph.bucket": "5"}).subheader
    )
    said = texts(
        open_tab("hiagent", **{"memory_graph.agent_step": "3", "memory_graph.held": "flat"})
    )
    assert "After step 4 the prompt holds" in said and "724 tokens" in said
    said = texts(open_tab("coat", **{"memory_graph.measure": "covered"}))
    assert "Question words on the best path after 60 simulations" in said


@pytest.mark.parametrize(
    ("tab", "name", "value", "words"),
    [
        ("buckets", "buckets", "33", "Buckets"),
        ("buckets", "bucket_probes", "99", "Buckets looked into"),
        ("buckets", "bucket", "9999", ""),
        ("coat", "simulations", "0", "Simulations"),
        ("coat", "beta", "-1", "Weight of association"),
        ("coat", "frame", "9999", ""),
        ("coat", "tree_node", "9999", ""),
        ("hiagent", "token_budget", "1", "Budget"),
        ("hiagent", "trajectory", "/etc/passwd", "bring the file again"),
        ("hiagent", "agent_step", "9999", ""),
        ("nowhere", "bucket", "1", ""),
    ],
)
def test_a_bad_value_gets_one_sentence_and_figures_stay(
    tab: str, name: str, value: str, words: str
) -> None:
    app = open_tab(tab, **{f"memory_graph.{name}": value})
    said = " ".join(warning.value.replace("\\", "") for warning in app.warning)
    assert words.lower() in said.lower() and len(app.warning) <= 1
    assert app.get("plotly_chart")
