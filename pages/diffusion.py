"""The diffusion lab: pictures that a text-to-image model copied, and what pruning does to them."""

from __future__ import annotations

import streamlit as st

from pages.kit import choose, error_boundary, keep_settings, presets
from pages.panels.diffusion.scene import diffusion_lab, on_phone
from pages.panels.diffusion.views import VIEWS

lab = diffusion_lab()
st.title(lab.title, anchor=False)
st.markdown(lab.sentence)
presets(lab)
side, main = st.columns([1, 4], gap="large")
with main:
    titles = {name: view.title for name, view in VIEWS.items()}
    name = choose("View", titles, "diffusion.view", label_visibility="collapsed")
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
