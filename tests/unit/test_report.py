"""The report: one file, complete, and inert whatever the texts in it say."""

from __future__ import annotations

from html.parser import HTMLParser

import pandas as pd
import plotly.graph_objects as go
import pytest

from engine.figures.axes import axis, compose
from engine.figures.palette import Palette
from engine.figures.titles import without_titles
from engine.store.report import ReportItem, build_report

EVIL = '</script><img src=x onerror="window.__x=1">&'


class Page(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._inside or self._inside[-1] not in ("script", "style"):
            self.words.append(data)


def figure(label: str = "b") -> go.Figure:
    drawn = go.Figure(go.Bar(x=["a", label], y=[1, 2]))
    return drawn.update_layout(title=label, paper_bgcolor="#10141a")


@pytest.fixture(scope="module")
def page() -> Page:
    table = pd.DataFrame({EVIL: [EVIL, "plain"], "v [pJ]": [1.23456789, 2.0]})
    items = [
        ReportItem(EVIL, f"caption {EVIL}", figure(EVIL), table, alt=f"alt {EVIL}"),
        ReportItem("Second", "Its caption.", figure(), pd.DataFrame({"n": range(250)})),
    ]
    provenance = {
        "lab": EVIL, "seed": 3, "created": 0.0, "torch_version": "2.13.0",
        "config": {"bits": 4, EVIL: EVIL}, "fields": {"x": 1},
    }  # fmt: skip
    return Page(build_report(EVIL, f"One.\n\n{EVIL}", items, provenance, notes=[EVIL]))


def test_texts_stay_texts(page: Page) -> None:
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"img", "iframe", "link", "object", "a", "form"}
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name in ("src", "href") for name in attributes), tag
    words = "".join(page.words)
    assert words.count(EVIL) == 11  # title twice, intro, heading, caption, two of a table, ...


def test_nothing_may_be_fetched(page: Page) -> None:
    policy = next(
        attributes["content"]
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None and policy.startswith("default-src 'none';")
    assert "http" not in policy and "connect-src" not in policy


def test_figures_have_alternatives_and_their_own_ground(page: Page) -> None:
    plots = [attributes for _, attributes in page.tags if attributes.get("role") == "img"]
    assert [plot["aria-label"] for plot in plots] == [f"alt {EVIL}", "Its caption."]
    assert all(plot["style"] == "background: #10141a" for plot in plots)


def test_settings_origin_and_data_are_told(page: Page) -> None:
    words = " ".join(" ".join(page.words).split())
    for part in ("bits 4", "seed 3", "torch version 2.13.0", "created 1970-01-01 00:00 UTC"):
        assert part in words
    assert "the first 200 of 250 rows" in words and "1.23457" in words
    assert "fields" not in words


def test_plotly_comes_once_and_shares_with_nobody() -> None:
    items = [ReportItem("One", "c", figure()), ReportItem("Two", "c", figure())]
    text = build_report("t", "i", items, {})
    from plotly.offline import get_plotlyjs

    assert text.count(get_plotlyjs()) == 1
    assert text.count('"showSendToCloud": false') == 2
    assert text.count('"displaylogo": false') == 2
    assert len(build_report("t", "i", [], {})) < 10_000


def test_a_figure_is_as_wide_as_the_page() -> None:
    wide = figure().update_layout(width=900)
    text = build_report("t", "i", [ReportItem("One", "c", wide)], {})
    assert '"width":900' not in text and '"autosize":true' in text
    assert wide.layout.width == 900


def test_titles_of_a_figure_are_text_that_breaks_its_lines() -> None:
    name, subtitle = "Reads & writes <of all>", "mean over all tokens"
    made = compose(
        Palette.light(), title=name, subtitle=subtitle, x=axis("x"), y=axis("y"), alt="It rises."
    )
    made.add_scatter(y=[1, 2])
    bare, *told = without_titles(made)
    assert told == [name, "Mean over all tokens"]
    assert bare.layout.title.text is None and bare.layout.title.subtitle.text is None
    assert bare.layout.margin.t < made.layout.margin.t
    assert made.layout.title.subtitle.text == subtitle
    item = ReportItem("My words", "c", bare, name=told[0], subtitle=told[1])
    words = Page(build_report("t", "i", [item], {})).words
    assert words.count(name) == 1 and words.count("Mean over all tokens") == 1
    same = ReportItem(name, "c", bare, name=name)
    assert Page(build_report("t", "i", [same], {})).words.count(name) == 1


def test_a_figure_without_titles_stays_as_it_is() -> None:
    bare, *told = without_titles(go.Figure(go.Bar(y=[1])))
    assert told == ["", ""] and bare.layout.margin.t is None
