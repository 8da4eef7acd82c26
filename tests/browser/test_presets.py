"""Situations of a lab, clicked one after the other on its own page."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import expect

from engine.core import labs
from pages.kit.links import preset_query
from tests.browser.looks import PAGES, PATIENCE_MS, open_page, settle

LABS = [lab for lab in labs().values() if (PAGES / f"{lab.name}.py").is_file()]


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_each_situation_shows_its_result_whatever_was_followed_before(visitor, server, lab):
    page = open_page(visitor, f"{server}/{lab.name}")
    chips = page.locator(f".st-key-{lab.name}-presets")
    reached = []
    for preset in (preset for preset in lab.presets if preset.featured):
        link = chips.get_by_role("link", name=preset.title, exact=True)
        # Beside its own settings the link has the defaults of what was set before it.
        asked = dict(parse_qsl(urlsplit(link.get_attribute("href")).query))
        assert preset_query(lab, preset).items() <= asked.items()
        link.click()
        view = asked[f"{lab.name}.view"]
        # A default is left out of the address; everything else must be there.
        page.wait_for_function(
            """([key, value]) => (new URLSearchParams(location.search).get(key) ?? value)
                  === value""",
            arg=[f"{lab.name}.view", view],
            timeout=PATIENCE_MS,
        )
        page.wait_for_timeout(500)
        settle(page)
        # What the situation before had set would ask for a run that nobody has made.
        expect(page.get_by_role("button", name="Compute", exact=True)).to_have_count(0)
        expect(page.get_by_text("previous settings")).to_have_count(0)
        shown = dict(parse_qsl(urlsplit(page.url).query))
        assert shown.items() <= asked.items(), preset.name
        reached.append(frozenset(shown.items()))
    assert len(set(reached)) > len(reached) // 2, "the address follows"
