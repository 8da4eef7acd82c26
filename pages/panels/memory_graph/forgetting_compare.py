"""Two formulas against each other, and what the paper says beside what its code computes."""

from __future__ import annotations

import streamlit as st

from engine.core import Result
from engine.labs.memory_graph.views.forgetting import (
    describe_difference,
    describe_slip,
    difference_table,
    draw_difference,
    memory_table,
    only_there,
)
from engine.labs.memory_graph.views.season import NAMES, OWNERS, day_of, formulas
from pages.kit import choose, claim, palette, section, show

FILE = "memory_bank/memory_retrieval/forget_memory.py"
REPOSITORY = "https://github.com/zhongwanjun/MemoryBank-SiliconFriend/blob"
SLIP, BEFORE = (
    "3869efcc2c5847e78353b4c53056903f5d1730a6",
    "0cc7111a267464964a008255d509c96ffdb636e4",
)


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
    _claim(result)


def _claim(result: Result) -> None:
    """The slip of precedence, with this run's own numbers."""
    claim(
        "Forgetting follows R = exp(−t/S), with the time t since the last recall (in days, as the "
        "code says) and the strength S, which each recall raises by 1: what is recalled lasts "
        "longer.",
        describe_slip(result),
        "Zhong et al. 2023, section 2.3",
        "The authors' code does the opposite of its own comment: exp(-t / 5*S) divides t by 5 and "
        "multiplies by S, so that stronger memories fade faster.",
        url="https://arxiv.org/abs/2305.10250",
        caveat=f"[The file in their repository]({REPOSITORY}/{SLIP}/{FILE}); an "
        f"[earlier version]({REPOSITORY}/{BEFORE}/{FILE}) of it has exp(-t / S). The corrected "
        "form is our reading of what was meant.",
    )
