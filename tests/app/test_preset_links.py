"""A situation's link sets everything that the page would otherwise keep."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from engine.core import get_lab
from pages.kit.links import link_text, preset_query, query
from tests.app.test_pages import visit

pytestmark = pytest.mark.usefixtures("runner_off")


def links(app: AppTest) -> dict[str, dict[str, str]]:
    """What each link of the page asks for, by its label."""
    return {
        element.proto.label: {k: v[0] for k, v in parse_qs(element.proto.query_string).items()}
        for element in app.get("page_link")
    }


def test_a_link_that_was_just_followed_leaves_nothing_behind() -> None:
    """The address has it before a widget does: the page's other links are drawn with it."""
    lab = get_lab("diffusion")
    bench = lab.experiment("bench")
    default = bench.config()
    here = bench.config.build({"tau": 4, "sparsity": 0.01})
    app = visit("diffusion", **query(lab, bench, here, {"view": "bench"}))
    found = links(app)
    others = [
        preset
        for preset in lab.presets
        if preset.experiment == "bench" and preset.title in found and "tau" not in preset.config
    ]
    assert others
    for preset in others:
        asked = found[preset.title]
        assert asked["diffusion.tau"] == link_text(default.tau)
        assert preset_query(lab, preset).items() <= asked.items()


def test_a_fresh_page_links_without_defaults() -> None:
    lab = get_lab("diffusion")
    found = links(visit("diffusion"))
    for preset in lab.presets:
        if preset.featured:
            assert found[preset.title] == preset_query(lab, preset)
