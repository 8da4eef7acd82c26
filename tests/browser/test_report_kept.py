"""A report stays with its browser: through reloads, from lab to lab and in a second tab."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.looks import context, open_page, settle
from tests.browser.test_report_file import add_first, go_to


def test_a_report_survives_a_reload_and_is_found_in_a_second_tab(
    browser: Browser, visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, f"{server}/memory_hardware")
    add_first(page, 1)
    page.reload()
    add_first(page, 2)
    go_to(page, "KV cache", "KV cache")
    page.reload()
    add_first(page, 3)
    second = open_page(visitor, f"{server}/report")
    titles = second.get_by_role("textbox", name="Title of figure")
    expect(titles).to_have_count(3)
    second.reload()
    settle(second)
    expect(titles).to_have_count(3)
    # The address of a lab, which people share, does not give the report away; scripts see no name.
    assert "report.key" not in page.url
    assert "engram_visit" not in page.evaluate("() => document.cookie")
    made = context(browser)
    stranger = open_page(made, f"{server}/report")
    expect(stranger.get_by_text("No figures yet.")).to_be_visible()
    made.close()
