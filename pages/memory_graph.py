"""The memory-graph lab: one question on the left, and the views of how it is answered."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.kit import choose, error_boundary, presets
from pages.panels.memory_graph.duel import show_duel
from pages.panels.memory_graph.scene import Scene, controls, graph_lab
from pages.panels.memory_graph.wavefront import show_wavefront
from pages.panels.memory_graph.why import show_why

VIEWS: dict[str, tuple[str, Callable[[Scene], None]]] = {
    "wavefront": ("Wavefront", show_wavefront),
    "duel": ("Duel", show_duel),
    "why": ("Why this passage", show_why),
}

lab = graph_lab()
st.title(lab.title, anchor=False)
st.markdown(lab.sentence)
presets(lab)
side, main = st.columns([1, 4], gap="large")
# On a phone the settings would stand between the title and the first figure.
phone = "Mobi" in st.context.headers.get("User-Agent", "")
place = side.expander("Settings") if phone else side
scene = None
with place, error_boundary("the settings"):
    scene = controls(lab)
with main:
    titles = {name: title for name, (title, _) in VIEWS.items()}
    view = choose("View", titles, "memory_graph.view", label_visibility="collapsed")
    if scene is not None:
        with error_boundary(f"the view {VIEWS[view][0]}"):
            VIEWS[view][1](scene)
