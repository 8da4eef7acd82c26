"""Named situations as links."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from pages.kit.links import preset_query


def presets(lab: Lab) -> None:
    """A chip per preset: a permalink whose tooltip tells the story."""
    with st.container(horizontal=True, gap="small", key=f"{lab.name}-presets"):
        for preset in lab.presets:
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
