"""Markup in a visitor's words is shown as words: file names, run names, links."""

from __future__ import annotations

import re
from urllib.parse import quote

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looks import open_page, settle

HOSTILE = "<img src=x onerror='window.__x=1'>[a](javascript:window.__x=1)"


def unharmed(page: Page) -> bool:
    return page.evaluate("() => window.__x === undefined && !document.querySelector('img[src=x]')")


def test_a_file_name_with_markup_is_a_file_name(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, f"{server}/kv_cache?kv_cache.source=model")
    page.get_by_role("button", name=re.compile("Your own file")).click()
    story = b"One day a small key met a large value and both were stored. " * 400
    page.locator("input[type=file]").set_input_files(
        {"name": f"{HOSTILE.replace('/', ' ')}.txt", "mimeType": "text/plain", "buffer": story}
    )
    expect(page.get_by_role("combobox", name=re.compile("^Text"))).to_have_value(
        re.compile("Your own:")
    )
    expect(page.get_by_text("256 tokens", exact=False).first).to_be_visible()
    assert unharmed(page)
    # The run of that file, on the page of runs, and under a name of the same kind.
    runs = open_page(visitor, f"{server}/runs")
    runs.get_by_role("button", name="Name").first.click()
    field = runs.get_by_role("textbox", name="A name of your own")
    field.fill(HOSTILE)
    field.press("Enter")
    expect(runs.get_by_text(HOSTILE).first).to_be_visible()
    runs.reload()
    settle(runs)
    expect(runs.get_by_text(HOSTILE).first).to_be_visible()
    assert unharmed(runs)


def test_a_refused_file_is_explained_where_the_visitor_looks(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, f"{server}/kv_cache")
    page.get_by_role("button", name=re.compile("Your own file")).click()
    page.locator("input[type=file]").set_input_files(
        {"name": "bad.txt", "mimeType": "text/plain", "buffer": b"\xff\xfe\x00bad"}
    )
    said = page.locator('[data-testid="stPopoverBody"]').get_by_role("alert")
    expect(said).to_contain_text("UTF-8")
    assert page.locator('[data-testid="stAlert"]').count() == 1


def test_words_in_a_link_are_words(visitor: BrowserContext, server: str) -> None:
    for name in ("kv_cache.key_format", "kv_cache.text", "kv_cache.view", "kv_cache.prompt"):
        page = open_page(visitor, f"{server}/kv_cache?{name}={quote(HOSTILE)}")
        assert unharmed(page)
        page.close()
