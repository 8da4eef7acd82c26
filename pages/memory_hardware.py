"""The memory-hardware lab: inference in DRAM and optimizer offload, as timelines with reasons."""

from __future__ import annotations

import streamlit as st

from pages.kit import choose, error_boundary, keep_settings, presets
from pages.panels.memory_hardware.scene import hardware_lab, on_phone
from pages.panels.memory_hardware.views import VIEWS

lab = hardware_lab()
st.title(lab.title, anchor=False)
st.markdown(lab.sentence)
presets(lab)
side, main = st.columns([1, 4], gap="large")
with main:
    titles = {name: view.title for name, view in VIEWS.items()}
    name = choose("View", titles, "memory_hardware.view", label_visibility="collapsed")
    chosen = VIEWS[name]
    presets(lab, view=name)
place = side.expander("Settings") if on_phone() else side
scene = None
with place, error_boundary("the settings"):
    scene = chosen.settings(lab)
if scene is not None:
    with main, error_boundary(f"the view {chosen.title}"):
        chosen.show(scene)
keep_settings(lab)
