"""The memory-graph lab: one memory on the left, and the views of how it answers and lives."""

from __future__ import annotations

import streamlit as st

from engine.labs.memory_graph.sources import DIARY
from pages.kit import choose, error_boundary, keep_settings, presets
from pages.panels.memory_graph import compare
from pages.panels.memory_graph.scene import MEMORY_SHOWN, graph_lab
from pages.panels.memory_graph.views import VIEWS

lab = graph_lab()
st.title(lab.title, anchor=False)
st.markdown(lab.sentence)
presets(lab)
if st.session_state.get(MEMORY_SHOWN, DIARY) != DIARY:
    st.caption("These situations are told with the shipped diary and open it.")
side, main = st.columns([1, 4], gap="large")
with main:
    titles = {name: view.title for name, view in VIEWS.items()}
    name = choose("View", titles, "memory_graph.view", label_visibility="collapsed")
    chosen = VIEWS[name]
    presets(lab, view=name)
# On a phone the settings would stand between the title and the first figure.
phone = "Mobi" in st.context.headers.get("User-Agent", "")
place = side.expander("Settings") if phone else side
scene = None
with place, error_boundary("the settings"):
    scene = chosen.settings(lab)
if scene is not None:
    with main, error_boundary(f"the view {chosen.title}"):
        chosen.show(scene)
keep_settings(lab, compare.B)
