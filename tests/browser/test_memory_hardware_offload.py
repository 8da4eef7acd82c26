"""The offload view in a browser: clean in both themes, on a phone, and its lanes can be chosen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.looks import THEMES, context, open_page, settle
from tests.browser.test_pages import violations

VIEW = "memory_hardware?memory_hardware.view=training"
LANES = ".st-key-memory_hardware_lanes"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [1440, 390])
def test_the_view_is_accessible_and_fits(
    browser: Browser, server: str, theme: str, width: int
) -> None:
    made = context(browser, theme, width)
    page = open_page(made, f"{server}/{VIEW}")
    expect(page.locator(f"{LANES} .readout")).to_contain_text("Point at a span")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert not violations(page)
    made.close()


def test_a_chosen_span_says_what_it_waited_for_and_is_in_the_link(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, f"{server}/{VIEW}&memory_hardware.task=120")
    chosen = page.locator(f"{LANES} .chosen")
    expect(chosen).to_contain_text("Waited")
    cause = chosen.get_by_role("button").first
    cause.click()
    expect(page).not_to_have_url(re.compile(r"task=120\b"))


def test_a_preset_opens_other_lanes(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, f"{server}/{VIEW}")
    page.get_by_role("link", name="Host memory binds").click()
    expect(page.get_by_text("A100 node of Polaris").first).to_be_visible()
    settle(page)
    assert "memory_hardware.node=a100" in page.url
