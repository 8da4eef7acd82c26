"""The what-if board in Chromium: a constant typed into the table, and looks of the three views."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looks import open_page

WHATIF = "/memory_hardware?memory_hardware.view=whatif"
ROW_OF_RP = 9  # "timing.rp" among the constants of the preset
LINE, HEAD = 35, 35


def type_value(page: Page, row: int, value: str) -> None:
    """Type into the column Value of the table of constants."""
    table = page.locator('[class*="st-key-memory_hardware-constants"] canvas').first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box
    # A layer for scrolling lies over the canvas.
    page.mouse.dblclick(box["x"] + 0.42 * box["width"], box["y"] + HEAD + LINE * (row + 0.5))
    cell = page.locator("#portal input")
    expect(cell).to_be_visible()
    cell.fill(value)
    cell.press("Enter")


def test_a_typed_constant_moves_every_figure_and_is_part_of_the_link(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, f"{server}{WHATIF}&memory_hardware.other=pim-gpt")
    expect(page.get_by_text("A and B take the same time")).to_be_visible()
    type_value(page, ROW_OF_RP, "24")
    expect(page).to_have_url(re.compile(r"memory_hardware\.change=timing\.rp(=|%3D)24"))
    expect(page.get_by_text(re.compile("A takes .* times as long as B"))).to_be_visible()
    page.get_by_role("button", name="Back to the preset").click()
    expect(page.get_by_text("A and B take the same time")).to_be_visible()
    expect(page).not_to_have_url(re.compile("timing.rp"))


def test_an_impossible_constant_is_refused_and_the_figures_stay(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, f"{server}{WHATIF}")
    type_value(page, ROW_OF_RP, "0")
    expect(page.get_by_text("timing.rp must be a whole number from 1")).to_be_visible()
    expect(page).not_to_have_url(re.compile("timing.rp"))
    expect(page.get_by_text("A takes 2.43 times as long as B")).to_be_visible()
