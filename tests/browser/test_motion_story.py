"""The story view in Chromium: the row of a moment, hostile words, no barrier."""

from __future__ import annotations

import re
from urllib.parse import quote

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.faults import violations
from tests.browser.looks import THEMES, context, settle

QUERY = "?motion.view=storyline"


def open_page(visitor: BrowserContext, server: str, query: str = "") -> Page:
    page = visitor.new_page()
    page.goto(f"{server}/motion{QUERY}{query}")
    settle(page)
    return page


def test_the_row_of_a_link_is_chosen_and_marked_on_the_floor(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server, "&motion.story_row=2")
    expect(page.get_by_role("combobox", name="Row")).to_have_value(re.compile(r"^3\. "))
    floor = page.locator(".st-key-figure-motion_story_floor")
    floor.scroll_into_view_if_needed()
    expect(floor.get_by_text("row 3")).to_be_visible()


def test_markup_in_a_story_is_shown_and_not_run(visitor: BrowserContext, server: str) -> None:
    hostile = "He bows. <img src=x onerror='window.__x=1'> <script>window.__x=1</script>"
    page = open_page(visitor, server, f"&motion.story={quote(hostile)}")
    expect(page.get_by_text("onerror").first).to_be_visible()
    settle(page)
    assert page.evaluate("() => window.__x") is None
    assert page.locator("[data-testid=stMain] img[src=x]").count() == 0


def test_the_view_has_no_barrier(browser: Browser, server: str) -> None:
    for theme in THEMES:
        made = context(browser, theme=theme, width=390)
        page = open_page(made, server)
        expect(page.get_by_role("button", name="Make only this row anew")).to_be_visible()
        assert not violations(page)
        made.close()
