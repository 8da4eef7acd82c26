"""The gallery: a card per lab with a real figure, one sentence and its situations."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from engine.core import Lab
from engine.figures.palette import Palette
from pages.kit import default_result, error_boundary, palette, presets, shown_labs


def draw_thumbnail(lab: Lab, colours: Palette) -> tuple[go.Figure, str] | None:
    """The lab's ``views:draw_thumbnail`` of its first shipped result, with its finding."""
    try:
        views = importlib.import_module(f"engine.labs.{lab.name}.views")
    except ModuleNotFoundError:
        return None
    draw: Callable[..., go.Figure] | None = getattr(views, "draw_thumbnail", None)
    result = default_result(lab, lab.experiments[0])
    if draw is None or result is None:
        return None
    figure = draw(result, colours)
    alt = str((figure.layout.meta or {}).get("alt") or f"A figure of the lab {lab.title}")
    return figure, alt


def show_thumbnail(lab: Lab) -> None:
    """The figure of the shipped default result, still."""
    with error_boundary(f"the card of {lab.title}"):
        drawn = draw_thumbnail(lab, palette())
        if drawn is None:
            return
        figure, alt = drawn
        figure.update_layout(template=palette().template(), height=320)
        st.plotly_chart(
            figure,
            key=f"thumbnail-{lab.name}",
            theme=None,
            alt=alt,
            config={"staticPlot": True, "displaylogo": False},
        )


def show_words(lab: Lab) -> None:
    """What the lab shows, its link and its situations."""
    st.subheader(lab.title, anchor=False)
    st.markdown(lab.sentence)
    st.page_link(f"{lab.name}.py", label="**Open the lab**", icon=":material/arrow_forward:")
    if lab.presets:
        st.caption("Or start from a situation")
        presets(lab)


def show_card(lab: Lab, *, wide: bool) -> None:
    """One lab; a wide card has its figure beside the words."""
    with st.container(border=True, height="stretch", key=f"card-{lab.name}"):
        if not wide:
            show_thumbnail(lab)
            show_words(lab)
            return
        figure, words = st.columns([3, 2], gap="large", vertical_alignment="center")
        with figure:
            show_thumbnail(lab)
        with words:
            show_words(lab)


st.title("See how memory works in learning systems", anchor=False)
st.markdown(
    "Every figure here is computed from real runs that you can change, repeat and take away. "
    "Open a lab: it shows a result at once."
)
present = shown_labs()
if len(present) == 1:
    show_card(present[0], wide=True)
else:
    for start in range(0, len(present), 2):
        for lab, column in zip(
            present[start : start + 2], st.columns(2, gap="large"), strict=False
        ):
            with column:
                show_card(lab, wide=False)
