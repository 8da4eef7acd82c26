"""The offload view in a browser: clean in both themes, on a phone, and its lanes can be chosen."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, expect

from tests.browser.looks import open_page, settle

VIEW = "memory_hardware?memory_hardware.view=training"
LANES = ".st-key-memory_hardware_lanes"


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
