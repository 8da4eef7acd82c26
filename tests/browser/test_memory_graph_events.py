"""The event-boundary view in Chromium: gamma, clicks, links, a text of the visitor's own."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looks import settle
from tests.browser.test_memory_graph import open_page

VIEW = "?memory_graph.view=events"


def event_number(page: Page) -> int:
    found = re.search(
        r"Event (\d+) of", page.get_by_text(re.compile(r"^Event \d+ of")).inner_text()
    )
    assert found
    return int(found[1])


def test_gamma_moves_the_threshold_and_the_counts(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server, VIEW)
    expect(page.get_by_text("mean + 1 std")).to_be_visible()
    expect(page.get_by_text(re.compile("above the threshold, 628 events"))).to_be_visible()
    page.get_by_role("slider", name="Gamma").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("mean + 1.1 std")).to_be_visible()
    expect(page).to_have_url(re.compile(r"memory_graph\.gamma=1\.1"))
    expect(page.get_by_text(re.compile("above the threshold, 628 events"))).to_have_count(0)


def test_a_click_on_the_stream_opens_that_part(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server, VIEW)
    before = event_number(page)
    plot = page.locator(".st-key-memory_graph_stream .nsewdrag").first
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.move(box["x"] + 0.8 * box["width"] + 1, box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"memory_graph\.token=6\d{3}"))
    settle(page)
    chosen = event_number(page)
    assert chosen > before
    other = open_page(visitor, server, page.url.partition("/memory_graph")[2])
    assert event_number(other) == chosen
    other.get_by_role("button", name="Next event").click()
    expect(other.get_by_text(re.compile(rf"^Event {chosen + 1} of"))).to_be_visible()


def test_a_text_of_ones_own_is_read_at_once_by_the_ngram(
    visitor: BrowserContext, server: str
) -> None:
    query = f"{VIEW}&memory_graph.surprise_by=ngram&memory_graph.alike=sentences"
    page = open_page(visitor, server, query)
    area = page.get_by_role("textbox", name="Your own text")
    area.fill("The kettle sang. Nobody came.\n\nSnow <b>fell</b> on the harbour all day.")
    area.press("Control+Enter")
    expect(page.get_by_text(re.compile(r"known borders: blank lines"))).to_be_visible()
    expect(page.get_by_text("Paragraph 2").first).to_be_visible()
