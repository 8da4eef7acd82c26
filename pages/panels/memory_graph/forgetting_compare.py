"""Two formulas against each other, and what the paper says beside what its code computes."""

from __future__ import annotations

import streamlit as st

from engine.core import Result
from engine.labs.memory_graph.views.claims import forgetting_claims
from engine.labs.memory_graph.views.forgetting import (
    describe_difference,
    difference_table,
    draw_difference,
    memory_table,
    only_there,
)
from engine.labs.memory_graph.views.season import NAMES, OWNERS, day_of, formulas
from pages.kit import choose, palette, section, show, show_claims


def show_compare(result: Result, frame: int) -> None:
    """A minus B by day, and the memories that one holds and the other does not."""
    section("One formula against another")
    options = {formula: NAMES[formula] for formula in formulas(result)}
    with st.container(horizontal=True):
        first = choose("A", options, "memory_graph.first", default="corrected")
        second = choose("B", options, "memory_graph.second", default="code")
    day = int(result.array("frame")[frame])
    st.markdown(describe_difference(result, first, second))
    if first != second:
        figure = draw_difference(result, palette(), first=first, second=second, day=day)
        show(
            figure,
            "memory_graph_difference",
            figure.layout.meta["alt"],
            export=lambda: difference_table(result, first, second),
        )
        for one, other in ((first, second), (second, first)):
            only = only_there(result, one, other, frame)
            words = f"{len(only) or 'none'} on {day_of(result, day)} under {OWNERS[one]} alone"
            if not only:
                st.markdown(f"{words[:1].upper()}{words[1:]}.")
                continue
            with st.expander(words):
                st.dataframe(
                    memory_table(result, one, only), hide_index=True, width="stretch", height=240
                )
    show_claims(forgetting_claims(result))
