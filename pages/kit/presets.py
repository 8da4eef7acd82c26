"""Named situations as links."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from pages.kit.links import preset_query


def presets(lab: Lab, *, view: str = "") -> None:
    """A chip per featured preset: a permalink whose tooltip tells the story.

    With ``view`` the others that open this view.
    """
    chosen = [
        preset
        for preset in lab.presets
        if (not preset.featured and preset.page.get("view") == view if view else preset.featured)
    ]
    if not chosen:
        return
    key = f"{lab.name}-presets-{view}" if view else f"{lab.name}-presets"
    with st.container(horizontal=True, gap="small", key=key):
        for preset in chosen:
            preset_link(lab, preset.name)


def preset_link(lab: Lab, name: str) -> None:
    """The link of one preset."""
    preset = next(preset for preset in lab.presets if preset.name == name)
    st.page_link(
        f"{lab.name}.py",
        label=preset.title,
        help=preset.story,
        query_params=preset_query(lab, preset),
    )
