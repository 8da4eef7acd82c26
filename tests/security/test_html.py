"""Markup that a visitor brings stays text, whatever door it comes through."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

from engine.core import labs
from engine.core.errors import BadInput
from engine.store import Store
from engine.store.runs import Request
from pages.kit.errors import plain
from pages.kit.links import field_key

ROOT = Path(__file__).parents[2]
PAYLOAD = '<img src=x onerror="window.__x=1">[a](javascript:window.__x=1)'
MARKDOWN = MarkdownIt("commonmark", {"html": True})


def visit(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=60).run()
    for name, value in query.items():
        app.query_params[name] = value
    app.switch_page(f"{page}.py").run()
    assert not app.exception
    return app


def check(app: AppTest) -> None:
    """No element may render markup that is not ours."""
    for element in [*app.markdown, *app.caption, *app.warning, *app.info, *app.error]:
        if hasattr(element.proto, "allow_html"):
            assert not element.proto.allow_html
        assert "<img" not in MARKDOWN.render(element.value)
        assert 'href="javascript:' not in MARKDOWN.render(element.value)
    for element in app.get("html"):
        assert "onerror" not in element.proto.body


@pytest.mark.parametrize("name", [n for n in labs() if (ROOT / "pages" / f"{n}.py").is_file()])
def test_markup_in_every_parameter_of_a_link(name, monkeypatch):
    monkeypatch.setenv("ENGRAM_RUNNER", "off")
    lab = labs()[name]
    keys = {
        field_key(lab, experiment, field)
        for experiment in lab.experiments
        for field in experiment.config.model_fields
    }
    app = visit(name, **dict.fromkeys([*keys, f"{name}.view", f"{name}.cell"], PAYLOAD))
    check(app)


def test_markup_in_a_run():
    store = Store.open()
    lab = next(iter(labs().values()))
    run_id = store.runs.submit(
        Request(lab.name, PAYLOAD, 1, "0" * 16, "{}"),
        has_result=lambda digest: False,
        visitor_limit=9,
        queue_limit=9,
    )
    store.runs.tag(run_id, PAYLOAD)
    taken = store.runs.take(at_most=1)
    assert taken is not None
    store.runs.end(run_id, taken.attempts, "failed", PAYLOAD)
    check(visit("runs"))
    check(visit("runs", run=PAYLOAD))


@given(st.text(max_size=80))
def test_plain_text_has_no_markup_left(text):
    tokens = MARKDOWN.parse(plain(str(BadInput("name", text))))
    inside = [child.type for token in tokens for child in token.children or []]
    assert set(inside) <= {"text", "text_special", "softbreak"}
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
