"""The lanes and the steps of a clip in Chromium: what is hidden, what is linked, how it looks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from engine.labs.motion.shipped import MODELS, shipped_models
from tests.browser.looks import open_page

LANES = "/motion?motion.view=lanes&motion.beside=procedural"
STRIP = "/motion?motion.view=denoise"
SHOWN = [MODELS[name] for name in shipped_models()]


@pytest.mark.skipif(len(SHOWN) < 2, reason="a vote takes two models that ship")
def test_no_name_is_in_the_page_before_the_vote(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, f"{server}{LANES}&motion.blind=true")
    main = page.locator('[data-testid="stMain"]')
    expect(page.get_by_text("Which moves better?")).to_be_visible()
    # Text selectors look into the viewer's shadow as well.
    for name in SHOWN:
        expect(main.get_by_text(name)).to_have_count(0)
    for question in ("Which fits the text better?", "Which moves better?"):
        page.get_by_role("radiogroup", name=question).get_by_text("A", exact=True).click()
    page.get_by_role("button", name="Vote and see the names").click()
    expect(page.get_by_text(re.compile("A was (Motion Mamba|KMM|Transformer)"))).to_be_visible()
    expect(page.get_by_text("1 vote of yours so far")).to_be_visible()


def test_a_step_is_part_of_the_link(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, f"{server}{STRIP}")
    slider = page.locator('[class*="st-key-motion-denoise_step"] input')
    slider.focus()
    slider.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"motion\.denoise_step=\d"))
    expect(page.get_by_text("Step 8 of 20 of denoising").first).to_be_visible()
