"""The memory lens and the retention view in Chromium: playhead, clicks and links go together."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looks import open_page as open_address
from tests.browser.looks import settle

LENS, RETENTION = "?motion.view=lens", "?motion.view=retention"


def open_page(visitor: BrowserContext, server: str, query: str) -> Page:
    return open_address(visitor, f"{server}/motion{query}")


def number_of(page: Page, name: str) -> int:
    found = re.search(rf"motion\.{name}=(\d+)", page.url)
    assert found
    return int(found[1])


def test_a_click_in_the_matrix_moves_the_playhead_and_the_erased_frames(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server, f"{LENS}&motion.reader=0")
    canvas = page.locator(".st-key-motion_lens_matrix canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    # Low and to the left: a late frame reads an early one.
    page.mouse.click(box["x"] + 0.35 * box["width"], box["y"] + 0.8 * box["height"])
    expect(page).to_have_url(re.compile(r"motion\.frame=\d+"))
    expect(page).to_have_url(re.compile(r"motion\.erased=\d+"))
    settle(page)
    first, erased = number_of(page, "frame") // 4 * 4, number_of(page, "erased")
    assert 0 <= erased < first
    without = re.compile(f"^Without frames {erased} to {erased + 3} a joint")
    for shown in (page, open_page(visitor, server, page.url.partition("/motion")[2])):
        expect(shown.get_by_text(re.compile(f"of what frames {first} to ")).first).to_be_visible()
        expect(shown.get_by_text(without)).to_be_visible()


def test_the_erased_frames_are_moved_by_keyboard(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server, f"{LENS}&motion.erased=20")
    expect(page.get_by_text(re.compile("^Without frames 20 to 23 a joint"))).to_be_visible()
    page.get_by_role("slider", name=re.compile("Erase the frames")).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(re.compile("^Without frames 24 to 27 a joint"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"motion\.erased=24"))


def test_other_step_sizes_are_a_click_away(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server, RETENTION)
    expect(page.get_by_text(re.compile("With step sizes × 16")).first).to_be_visible()
    page.get_by_role("radio", name="÷ 16").or_(page.get_by_role("button", name="÷ 16")).click()
    expect(page.get_by_text(re.compile("With step sizes ÷ 16")).first).to_be_visible()
    expect(page).to_have_url(re.compile(r"motion\.factor=0"))
