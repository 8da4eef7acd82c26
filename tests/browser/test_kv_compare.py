"""Two settings side by side in Chromium: the table fits, and each widget has its own name."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, expect

from tests.browser.test_kv_cache import open_page


def test_the_damage_of_two_settings_fits_and_widgets_of_b_have_their_own_names(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server, "?kv_cache.compare=true")
    expect(page.get_by_text("A: keys bfp12:b32, values fp16.")).to_be_visible()
    tables = page.locator('[data-testid="stDataFrame"] .dvn-scroller')
    expect(tables).to_have_count(2)
    wide, room, high, seen = tables.nth(1).evaluate(
        "e => [e.scrollWidth, e.clientWidth, e.scrollHeight, e.clientHeight]"
    )
    assert wide <= room and high <= seen
    for title in ("Key format", "B: Key format", "Key channel order", "B: Key channel order"):
        expect(page.get_by_role("combobox", name=title, exact=True)).to_have_count(1)
