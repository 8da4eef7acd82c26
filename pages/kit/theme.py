"""The theme of the visitor's browser as the palette of every figure."""

from __future__ import annotations

import streamlit as st

from engine.figures.palette import Palette


def palette() -> Palette:
    """The palette of the theme in use; light where the browser has not said yet."""
    return Palette.of(st.context.theme.type or "light")
