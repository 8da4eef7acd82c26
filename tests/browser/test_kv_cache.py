"""The KV-cache page in Chromium: clicks, links, data volume, accessibility."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looks import settle

PAGE = "kv_cache"
MEGABYTE = 1_000_000


def open_page(visitor: BrowserContext, server: str, query: str = "") -> Page:
    page = visitor.new_page()
    page.goto(f"{server}/{PAGE}{query}")
    settle(page)
    return page


def test_first_paint_moves_less_than_three_megabytes(visitor: BrowserContext, server: str) -> None:
    page = visitor.new_page()
    received = []

    def listen(socket: object) -> None:
        socket.on("framereceived", lambda frame: received.append(len(frame)))  # type: ignore[attr-defined]

    page.on("websocket", listen)
    page.goto(f"{server}/{PAGE}")
    settle(page)
    expect(page.get_by_role("heading", name=re.compile("token by channel"))).to_be_visible()
    assert 0 < sum(received) < 3 * MEGABYTE


def test_a_click_on_the_map_chooses_the_head_everywhere_and_in_the_link(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server)
    cells = page.locator(".st-key-kv_cache_map canvas.cells").first
    box = cells.bounding_box()
    assert box is not None
    # Four layers by two heads, behind the row labels and under the marker of the column.
    cells.click(position={"x": box["width"] * 0.75, "y": box["height"] * 0.4})
    expect(page).to_have_url(re.compile(r"kv_cache\.layer=1"))
    expect(page).to_have_url(re.compile(r"kv_cache\.head=1"))
    expect(page.get_by_role("heading", name=re.compile("layer 1, token by"))).to_be_visible()
    link = page.url
    other = visitor.new_page()
    other.goto(link)
    settle(other)
    expect(other.get_by_role("heading", name=re.compile("layer 1, token by"))).to_be_visible()


def test_a_view_is_part_of_the_link(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server)
    page.get_by_role("radio", name="Ordering").click()
    expect(page).to_have_url(re.compile(r"kv_cache\.view=ordering"))
    expect(page.get_by_role("heading", name="Ordering workbench")).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_role("heading", name="Ordering workbench")).to_be_visible()


def test_a_dragged_outlier_reaches_the_engine(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server, "?kv_cache.view=microscope")
    said = page.get_by_text("Computed by the engine for the numbers as they stand")
    before = said.inner_text()
    stems = page.locator("canvas.plot").first
    stems.focus()
    for _ in range(6):
        page.keyboard.press("Shift+ArrowUp")
    expect(said).not_to_have_text(before)


@pytest.mark.parametrize(
    ("view", "title", "inside"),
    [
        ("map", "The outliers behind this map", ".js-plotly-plot"),
        ("pareto", "All points as a table", '[data-testid="stDataFrame"]'),
    ],
)
def test_what_is_folded_away_opens(
    visitor: BrowserContext, server: str, view: str, title: str, inside: str
) -> None:
    page = open_page(visitor, server, f"?kv_cache.view={view}")
    fold = page.locator('[data-testid="stExpander"]', has_text=title)
    assert fold.locator(inside).count() == 0
    fold.get_by_text(title).click()
    expect(fold.locator(inside).first).to_be_visible()
