"""Tables below the lanes: what the models' cards measured, and what the papers published."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from engine.labs.motion.published import MARKS, tables
from engine.labs.motion.shipped import cards
from engine.labs.motion.views.cards import card_rows, describe_cards, describe_training
from engine.labs.motion.views.goals import describe_bars, describe_free, describe_goals, goal_rows
from engine.labs.motion.views.published import describe_published, published_rows
from pages.kit import badge, on_phone, plain, say
from pages.panels.motion.tables import show_rows


def show_cards(lab: Lab) -> None:
    """Figures of the shipped models on validation captions, with their spreads."""
    found = cards()
    # Long on a phone, where the goals below say what matters of them.
    with st.expander("Cards of the models", expanded=not on_phone(), key="motion.cards"):
        badge("measured on validation clips", "measured",
              "Accuracies, R-precision, lab-FID and diversity are by the lab's own evaluator: they "
              "compare our models with each other and with nothing published.")  # fmt: skip
        show_rows(card_rows(found), "The figures of every model beside those of real clips.")
        st.caption("In brackets the least and the greatest over the sampling seeds.")
        for words in describe_cards(found):
            say(lab, words)
        if found:
            say(lab, describe_training(found))


def show_goals(lab: Lab) -> None:
    """The bars that the lab set itself, and which of them its models reach."""
    found = cards()
    if not found:
        return
    with st.expander("Goals of the lab", expanded=True, key="motion.goals"):
        badge("measured on validation clips", "measured", describe_bars(found))
        show_rows(goal_rows(found), "Every goal with each model's figure, its bar and a verdict.")
        st.caption(plain(f"{describe_bars(found)} {describe_free(found)}"))
        for words in describe_goals(found):
            say(lab, words)


def show_published(lab: Lab) -> None:
    """The papers' own tables, apart from everything that was measured here."""
    with st.expander("Published tables", key="motion.published", on_change="rerun") as at:
        if not at.open:
            return
        st.markdown(
            "Of the papers' own models on other data, by other evaluators. Nothing here can stand "
            "beside a figure of this page."
        )
        for table in tables().values():
            st.markdown(f"**{plain(table.title)}**")
            badge(f"published: {MARKS[table.mark]}", "published")
            show_rows(published_rows(table), table.title)
            st.caption(f"[{plain(table.source)}]({table.url}) {plain(table.note)}")
        st.markdown("**Before you quote them**")
        for words in describe_published():
            say(lab, f"- {words}")
