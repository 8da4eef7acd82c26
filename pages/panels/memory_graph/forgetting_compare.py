"""Two formulas against each other, and what the paper says beside what its code computes."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.core import Result
from engine.labs.memory_graph.living.forgetting import retention
from engine.labs.memory_graph.views.forgetting import (
    describe_difference,
    draw_difference,
    memory_table,
    only_there,
)
from engine.labs.memory_graph.views.season import NAMES, OWNERS, day_of, formulas
from pages.kit import choose, claim, palette, section, show

CODE = "https://github.com/zhongwanjun/MemoryBank-SiliconFriend/blob/main/memory_bank/memory_retrieval/forget_memory.py"
DAYS, WEAK, STRONG = 5, 1, 3


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
            export=lambda: _difference(result, first, second),
        )
        for one, other in ((first, second), (second, first)):
            only = only_there(result, one, other, frame)
            words = f"{len(only)} on {day_of(result, day)} under {OWNERS[one]} alone"
            with st.expander(words):
                st.dataframe(
                    memory_table(result, one, only), hide_index=True, width="stretch", height=240
                )
    _claim(result)


def _claim(result: Result) -> None:
    """The slip of precedence, with this run's own numbers."""
    weak, strong = (
        {
            formula: float(retention(formula, np.array(DAYS), np.array(strength)))
            for formula in formulas(result)
        }
        for strength in (WEAK, STRONG)
    )
    alive = {formula: result.number(f"mean_alive_{formula}") for formula in formulas(result)}
    claim(
        "Forgetting follows R = exp(−t/S), with t in days since the last recall and the strength "
        "S, which each recall raises by 1: what is recalled lasts longer.",
        f"After {DAYS} days, R at S = {WEAK} and S = {STRONG}: "
        + "; ".join(
            f"{NAMES[formula].lower()} {weak[formula]:.2f} and {strong[formula]:.2f}"
            for formula in formulas(result)
        )
        + ". Memories there on a mean day of this run: "
        + ", ".join(f"{NAMES[formula].lower()} {alive[formula]:.1f}" for formula in alive)
        + ".",
        "Zhong et al. 2023, section 2.3",
        "The authors' code does the opposite of its own comment: exp(-t / 5*S) divides t by 5 and "
        "multiplies by S, so that stronger memories fade faster.",
        url="https://arxiv.org/abs/2305.10250",
        caveat=f"[The line in their repository]({CODE}); an earlier version of that file has "
        "exp(-t / S). The corrected form is our reading of what was meant.",
    )


def _difference(result: Result, first: str, second: str) -> dict[str, object]:
    order = formulas(result)
    alive = np.median(result.array("alive"), axis=1)
    a, b = alive[order.index(first)], alive[order.index(second)]
    days = [day_of(result, day) for day in range(len(a))]
    return {"date": days, first: a, second: b, "difference": a - b}
