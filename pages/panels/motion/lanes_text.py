"""Texts to choose from, and what the models make of the visitor's own."""

from __future__ import annotations

import streamlit as st

from engine.core import BadInput, Lab
from engine.labs.motion.pairs import ACTIONS, STYLES, caption
from engine.labs.motion.shipped import read_caption
from engine.labs.motion.views.lanes_words import describe_reading
from engine.labs.motion.views.pairs import describe_pair, describe_pairs, draw_pairs, pair_table
from pages.kit import choose, palette, plain, say, select, set_values, show

SENTENCES = (
    caption("walk-turn-left", "normal"),
    caption("walk-back", "normal"),
    caption("raise-up-both-hands", "youthful"),
    caption("wave-right-hand", "normal"),
    caption("run", "exhausted"),
    "a person jumps up high",
    "a person kicks a ball",
)
PICKED = "motion.sentence#pick"
ACTION, STYLE = "motion.pair_action", "motion.pair_style"
CHART = "motion_pairs"


def offer_texts(lab: Lab) -> None:
    """Sentences at a click."""

    def picked() -> None:
        if text := st.session_state.get(PICKED):
            _take(lab, text)
        st.session_state[PICKED] = None

    st.pills("Try a text", SENTENCES, key=PICKED, on_change=picked)


def show_pairs(lab: Lab) -> None:
    """The map of what was trained on; any pair of action and style becomes a text."""
    with st.expander("Action and style", key="motion.pairs", on_change="rerun") as at:
        if not at.open:
            return
        left, middle, right = st.columns([2, 2, 3], vertical_alignment="bottom")
        with left:
            action = choose("Action", {name: name for name in ACTIONS}, ACTION, menu=True)
        with middle:
            style = choose("Style", {name: name for name in STYLES}, STYLE, menu=True)
        with right:
            st.button(f"Take: {plain(caption(action, style))}", on_click=_take,
                      args=(lab, caption(action, style)))  # fmt: skip
        say(lab, describe_pair(action, style))
        show(
            draw_pairs(palette(), selected=(action, style)),
            CHART,
            describe_pairs(),
            export=pair_table,
            on_select=_clicked,
        )
        st.caption(describe_pairs())


def say_unknown(text: str) -> None:
    """Words of the text that no model knows, before anything is computed."""
    try:
        reading = read_caption(text)
    except BadInput:
        return  # the form of the run says it
    if reading is not None and reading.unknown:
        for words in describe_reading({}, reading.unknown, 0):
            st.info(plain(words), icon=":material/spellcheck:")


def _clicked() -> None:
    """Choose the pair of the clicked cell."""
    event = st.session_state.get(CHART)
    points = event["selection"]["points"] if event else []
    if points and len(points[0].get("customdata") or ()) > 1:
        action, style = map(str, points[0]["customdata"][:2])
        select(ACTION, action)
        select(STYLE, style)


def _take(lab: Lab, text: str) -> None:
    set_values(lab, lab.experiment("lanes"), {"text": text})
