"""Two settings of a retriever on the same questions: A in the left column, B below it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.core import Lab, Result
from engine.labs.memory_graph.config import EvaluateConfig
from engine.labs.memory_graph.paired import Paired, paired
from engine.labs.memory_graph.views.compare import (
    describe,
    draw_gains,
    question_table,
    summary_table,
)
from pages.kit import (
    explain,
    field_key,
    form,
    obtain,
    palette,
    plain,
    remember_lines,
    say,
    section,
    select,
    show,
    take_away,
)
from pages.kit.run_panel import differences
from pages.panels.memory_graph.scene import WALK

VARIED = (*WALK, "mix_weight", "mix_first", "mix_second", "facts", "entity_weight")
ELSEWHERE = {"wavefront": "Wavefront", "duel": "Duel", "why": "Why this passage"}
B = "memory_graph.b"


def compare_settings(lab: Lab) -> tuple[EvaluateConfig, EvaluateConfig]:
    """Settings A and B; memory, questions and what is not drawn twice hold for both."""
    experiment = lab.experiment("evaluate")
    st.markdown("**Setting A**")
    first = form(lab, experiment, fields=VARIED)
    st.markdown("**Setting B**")
    # Two equal settings would have nothing to show at first.
    if f"{B}.method" not in st.query_params:
        other = "hipporag" if first.model_dump()["method"] == "bm25" else "bm25"
        st.session_state.setdefault(f"{B}.method", other)
    second = form(lab, experiment, fields=VARIED, key_prefix=B, label_prefix="B: ")
    assert isinstance(first, EvaluateConfig)
    return first, first.model_copy(update={name: getattr(second, name) for name in VARIED})


def show_compare(lab: Lab, first: EvaluateConfig, second: EvaluateConfig) -> None:
    """Both means, the difference of every question, and the questions that decide."""
    section(
        "A against B",
        "Two settings answer the same questions. What counts is the difference question by "
        "question: its interval is narrower than those of the two means.",
    )
    if first == second:
        st.markdown("A and B are the same settings. Change one of them on the left.")
    else:
        a, b = differences(first, second), differences(second, first)
        st.markdown(f"A: {plain(a)}. B: {plain(b)}.")
    experiment = lab.experiment("evaluate")
    obtained = obtain(lab, experiment, first)
    other = obtained if second == first else obtain(lab, experiment, second, fall_back=False)
    if obtained.result is None or other.result is None:
        return
    if not obtained.fresh:
        return
    found = paired(obtained.result, other.result)
    figure = draw_gains(found, palette())
    everything = list(range(len(found.gain)))
    result = obtained.result
    show(
        figure,
        "memory_graph_paired",
        describe(found),
        export=lambda: question_table(found, result, everything),
    )
    say(lab, describe(found))
    st.dataframe(summary_table(result, other.result), hide_index=True, width="stretch",
                 column_config=_numbers())  # fmt: skip
    left, right = st.columns(2, gap="large")
    with left:
        _decisive(lab, "B wins", found, result, found.wins)
    with right:
        _decisive(lab, "B loses", found, result, found.losses)
    explain(lab, "Compare", gain=found.mean, low=found.interval[0], high=found.interval[1])
    remember_lines("The paired difference of A and B", _lines(first, second))
    take_away(lab, experiment, obtained)


def _decisive(lab: Lab, title: str, found: Paired, result: Result, questions: list[int]) -> None:
    """A list of questions; the chosen one opens in the other views."""
    st.subheader(f"{title} {len(questions)}", anchor=False)
    if not questions:
        st.markdown("No question.")
        return
    table = question_table(found, result, questions)
    key = f"memory_graph.{title.replace(' ', '-').lower()}"
    event: Any = st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * len(questions), 320),
        column_config=_numbers(),
        key=key,
        on_select="rerun",
        selection_mode="single-row",
    )
    rows = event["selection"]["rows"]
    chosen = questions[rows[0]] if rows and rows[0] < len(questions) else questions[0]
    st.caption(f"Open question {chosen + 1} elsewhere; choose another in the list.")
    with st.container(horizontal=True):
        for view, name in ELSEWHERE.items():
            st.button(
                name,
                key=f"{key}-{view}",
                on_click=_open,
                args=(lab, view, chosen),
                help=f"Question {chosen + 1} in the view {name}",
            )


def _open(lab: Lab, view: str, question: int) -> None:
    select(field_key(lab, lab.experiment("wavefront"), "question"), question)
    select("memory_graph.view", view)


def _lines(first: EvaluateConfig, second: EvaluateConfig) -> str:
    runs = "".join(
        f'{name} = engine.run("memory_graph", "evaluate", **{config.changed()!r})\n'
        for name, config in (("a", first), ("b", second))
    )
    return (
        "import engine\nfrom engine.labs.memory_graph.paired import paired\n\n"
        f"{runs}found = paired(a, b)\nprint(found.mean, found.interval, found.wins, found.losses)\n"
    )


def _numbers() -> dict[str, Any]:
    return {
        name: st.column_config.NumberColumn(format="%.1f")
        for name in ("A [%]", "B [%]", "B - A [points]")
    }
