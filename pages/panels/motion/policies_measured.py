"""Key, random and inverse masking as they were measured here, and the paper's ablation."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from engine.labs.motion.published import MARKS, tables
from engine.labs.motion.views.claims import policy_claims
from engine.labs.motion.views.policies import (
    describe_measured,
    draw_policies,
    policy_table,
    read_measured,
)
from engine.labs.motion.views.published import published_rows
from pages.kit import badge, choose, palette, plain, say, section, show, show_claims
from pages.panels.motion.tables import show_rows

FIGURE = "motion.policy_figure"


def show_measured(lab: Lab) -> None:
    """The table of three policies and three seeds, then the paper's ablation apart from it."""
    section(
        "Trained with each policy",
        "The same network, budget and batches; only what is masked differs.",
    )
    measured = read_measured()
    if measured is None:
        st.info(
            "The comparison has not been run in this checkout. "
            "`python -m engine.labs.motion.training.policies` trains nine models and writes it."
        )
    else:
        badge("measured here", "measured", "Least and greatest of the training seeds in brackets.")
        labels = {one.name: one.label for one in measured.figures}
        first = "lab_fid" if "lab_fid" in labels else next(iter(labels))
        name = choose("Figure", labels, FIGURE, default=first, menu=True)
        figure = draw_policies(measured, palette(), name)
        show(figure, "motion_policies", figure.layout.meta["alt"],
             export=lambda: _columns(policy_table(measured)))  # fmt: skip
        for words in describe_measured(measured):
            say(lab, words)
        show_rows(policy_table(measured), "Every figure by what was masked in training.")
    show_claims(policy_claims(measured))
    _published(lab, alone=measured is None)


def _published(lab: Lab, *, alone: bool) -> None:
    """The paper's table; ``alone`` where no measurement of ours stands beside it."""
    table = tables()["kmm-ablation"]
    with st.container(border=True):
        badge(f"published: {table.mark}", "published", MARKS[table.mark])
        st.markdown(f"**{plain(table.title)}**")
        show_rows(published_rows(table), plain(table.title))
        if alone:
            random, full = (table.figure(row, "FID") for row in ("random masking", "full"))
            say(
                lab,
                f"Other data and another evaluator: FID {random:g} with random masking, {full:g} "
                "with key frames masked.",
            )
        st.caption(f"[{plain(table.source)}]({table.url})")


def _columns(rows: list[dict[str, str]]) -> dict[str, list[str]]:
    return {name: [row[name] for row in rows] for name in rows[0]}
