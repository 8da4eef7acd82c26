"""The KV-cache lab: one setting on the left, the map of all heads, and eight views."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.kit import choose, error_boundary, on_phone, presets, select, take_away, took_away
from pages.panels.kv_cache.drift import show_drift
from pages.panels.kv_cache.map import show_map
from pages.panels.kv_cache.microscope import show_microscope
from pages.panels.kv_cache.ordering import show_ordering
from pages.panels.kv_cache.overview import overview
from pages.panels.kv_cache.pareto import show_pareto
from pages.panels.kv_cache.positions import show_positions
from pages.panels.kv_cache.scene import Scene, build_scene, controls, kv_lab
from pages.panels.kv_cache.sensitivity import show_sensitivity
from pages.panels.kv_cache.streaming import show_streaming

VIEWS: dict[str, tuple[str, Callable[[Scene], None]]] = {
    "map": ("Error map", show_map),
    "pareto": ("Bits and damage", show_pareto),
    "drift": ("Next token", show_drift),
    "microscope": ("Block microscope", show_microscope),
    "ordering": ("Ordering", show_ordering),
    "sensitivity": ("Sensitivity", show_sensitivity),
    "positions": ("Positions", show_positions),
    "streaming": ("Streaming", show_streaming),
}
# Where a link names an experiment instead of a view.
SHOWN_IN = {
    "capture": "map",
    "evaluate": "map",
    "order_check": "ordering",
    "synthetic": "microscope",
}


def choose_view() -> str:
    """The view, kept in the URL."""
    asked = st.session_state.get("kv_cache.view") or st.query_params.get("kv_cache.view")
    if asked in SHOWN_IN:
        select("kv_cache.view", SHOWN_IN[asked])
    titles = {name: title for name, (title, _) in VIEWS.items()}
    return choose("View", titles, "kv_cache.view", label_visibility="collapsed")


lab = kv_lab()
st.title(lab.title, anchor=False)
st.markdown(lab.sentence)
presets(lab)
side, main = st.columns([1, 4], gap="large")
place = side.expander("Settings") if on_phone() else side
with place, error_boundary("the settings"):
    source, settings, other = controls(lab)
with main:
    scene = None
    with error_boundary("the error map"):
        scene = build_scene(lab, source, settings, other)
        if scene is not None:
            scene = overview(scene)
    view = choose_view()
    if scene is not None:
        with error_boundary(f"the view {VIEWS[view][0]}"):
            VIEWS[view][1](scene)
        if not took_away():
            take_away(lab, scene.experiment, scene.obtained)
