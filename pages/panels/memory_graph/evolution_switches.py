"""Where the authors' code departs from their paper: both results side by side."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.memory_graph.views.claims import evolution_claims
from engine.labs.memory_graph.views.evolution_switches import (
    describe_links,
    describe_switches,
    link_table,
    switch_table,
    wrongly_edited,
)
from pages.kit import say, section, show_claims


def show_switches(lab: Lab, result: Result, k: int) -> None:
    """The table of switches, links at retrieval, and the published figures."""
    section(
        "Paper and code",
        "The same notes, grown once as the paper reads and once with each deviation of the "
        "authors' code alone.",
    )
    say(lab, describe_switches(result, k))
    st.dataframe(
        switch_table(result, k),
        hide_index=True,
        width="stretch",
        column_config={f"Recall@{k} [%]": st.column_config.NumberColumn(format="%.1f")},
    )
    st.caption(
        "Differences are to the paper's way, with the 95 % bootstrap interval over questions. "
        "Changed: older notes that were edited; Paper's: those among them that the paper's way "
        "edits too; Wrong: those that were no neighbours of the note that came; In history: "
        "changes that the notes themselves know of."
    )
    if wrong := wrongly_edited(result):
        with st.expander(f"The {len(wrong)} notes that (b) edited wrongly"):
            st.dataframe(wrong, hide_index=True, width="stretch")
    rows = link_table(result, k)
    if rows:
        st.markdown("**Links at retrieval**")
        say(lab, describe_links(result, k))
        st.dataframe(
            rows,
            hide_index=True,
            width="stretch",
            column_config={
                name: st.column_config.NumberColumn(format="%.1f")
                for name in rows[0]
                if name != "Retrieval"
            },
        )
    show_claims(evolution_claims(result, k))
