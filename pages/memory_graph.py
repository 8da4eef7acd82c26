"""The memory-graph lab: one memory on the left, and the views of how it answers and lives."""

from __future__ import annotations

import streamlit as st

from engine.labs.memory_graph.sources import DIARY
from pages.kit import show_views
from pages.panels.memory_graph import compare
from pages.panels.memory_graph.scene import MEMORY_SHOWN, graph_lab
from pages.panels.memory_graph.views import VIEWS

OWN = "These situations are told with the shipped diary and open it."
brought = st.session_state.get(MEMORY_SHOWN, DIARY) != DIARY
show_views(graph_lab(), VIEWS, compare.B, told=OWN if brought else "")
