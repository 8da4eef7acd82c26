"""The page of runs while one is going on."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, expect

from engine.core import get_lab
from pages.kit.links import permalink
from tests.browser.looks import open_page


def test_a_live_run_moves_on_in_the_list_and_ends_there_without_a_click(
    visitor: BrowserContext, server: str
) -> None:
    lab = get_lab("kv_cache")
    experiment = lab.experiment("pareto")
    link = permalink(lab, experiment, experiment.config(windows=2), {"view": experiment.name})
    page = open_page(visitor, f"{server}/{link}")
    page.get_by_role("button", name="Compute", exact=True).first.click()
    page.get_by_role("button", name="Cancel", exact=True).first.wait_for()

    page.goto(f"{server}/runs")
    card = page.locator("[class*=st-key-run-]").filter(has_text=experiment.title)
    expect(card.get_by_text("running")).to_be_visible()
    expect(card.get_by_text(re.compile(r", \d+ of \d+"))).to_be_visible()
    expect(card.get_by_text("done")).to_be_visible()
    # What can be done with an ended run takes the place of what can be done with a live one.
    expect(card.get_by_role("button", name="Export")).to_be_visible()
    expect(card.get_by_role("button", name="Cancel")).to_have_count(0)
