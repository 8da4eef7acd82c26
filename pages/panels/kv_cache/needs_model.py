"""Views that ask for a loss, which only a model has."""

from __future__ import annotations

import streamlit as st

from pages.panels.kv_cache.scene import Scene


def needs_model(scene: Scene) -> bool:
    """True, and a sentence on the page, while the source is a synthetic head."""
    if scene.source == "model":
        return False
    st.markdown(
        "A synthetic head belongs to no model, so there is no loss and no text to measure. "
        "Choose the source **Model** on the left."
    )
    return True
