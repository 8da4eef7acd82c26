"""Situations of a lab, clicked one after the other on its own page."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.core import labs
from pages.kit.links import preset_query
from tests.browser.looks import PAGES, PATIENCE_MS, open_page

LABS = [lab for lab in labs().values() if (PAGES / f"{lab.name}.py").is_file()]


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_the_address_follows_each_situation(visitor, server, lab):
    page = open_page(visitor, f"{server}/{lab.name}")
    chips = page.locator(f".st-key-{lab.name}-presets")
    reached = []
    for preset in (preset for preset in lab.presets if preset.featured):
        chips.get_by_role("link", name=preset.title, exact=True).click()
        asked = preset_query(lab, preset)
        view = asked[f"{lab.name}.view"]
        # A default is left out of the address; everything else must be there.
        page.wait_for_function(
            """([key, value]) => (new URLSearchParams(location.search).get(key) ?? value)
                  === value""",
            arg=[f"{lab.name}.view", view],
            timeout=PATIENCE_MS,
        )
        page.wait_for_timeout(1500)
        shown = dict(parse_qsl(urlsplit(page.url).query))
        assert shown.items() <= asked.items(), preset.name
        reached.append(frozenset(shown.items()))
    assert len(set(reached)) > len(reached) // 2, "the address follows"
