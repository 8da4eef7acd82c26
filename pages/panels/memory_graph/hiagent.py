"""HiAgent: what stands in an agent's prompt, step by step, flat and by subgoals."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from engine.core import Config, Experiment, Lab, Result
from engine.labs.memory_graph.config import HiAgentConfig
from engine.labs.memory_graph.views.claims import subgoal_claims
from engine.labs.memory_graph.views.hiagent import (
    TITLES,
    describe_kept,
    describe_peaks,
    describe_timeline,
    draw_peaks,
    draw_timeline,
    first_over,
    held_table,
    step_names,
)
from pages.kit import (
    badge,
    choose,
    explain,
    linked,
    obtain,
    palette,
    say,
    section,
    select,
    show,
    show_claims,
    take_away,
)
from pages.panels.memory_graph.scene import left_out, pick

FIELDS = ("in_a_row", "token_budget", "per_read", "most_reads", "counted")
STEP = "memory_graph.agent_step"
HELD = "memory_graph.held"
CHART = "memory_graph_timeline"
MEMORIES = dict(zip(("flat", "subgoals", "retrieve"), TITLES, strict=True))
SCRIPT = (
    "For each hop of a question the agent asks BM25 and reads passages until it has read the gold "
    "one or may act no more. The texts and their tokens are real; no language model decides."
)


def show_hiagent(lab: Lab, experiment: Experiment, config: Config) -> None:
    """The timeline, one step in words, what the short form lost, and all questions."""
    section(
        "Working memory by subgoals",
        "A flat memory keeps every action and observation. By subgoals, a finished one shrinks to "
        "a line; retrieve brings it back for as long as it is needed.",
    )
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result, shown = obtained.result, obtained.config
    assert isinstance(shown, HiAgentConfig)
    budget = shown.token_budget
    with st.container(horizontal=True):
        if result.notes["source"] == "upload":
            badge("your trajectory", "measured")
        else:
            badge("a scripted agent on real texts", "measured", SCRIPT)
        badge("summaries by rule", "assumed", "the sentence nearest to the subgoal by words")
    say(lab, describe_timeline(result, budget))
    last = len(result.notes["steps"]) - 1
    telling = _telling(result, budget)
    step = linked(STEP, telling, low=0, high=last)

    def choose_step() -> None:
        event: Any = st.session_state.get(CHART)
        points = event["selection"]["points"] if event else []
        if points and "x" in points[0]:
            select(STEP, int(points[0]["x"]) - 1)

    figure = draw_timeline(result, palette(), step=step, budget=budget)
    show(
        figure,
        CHART,
        describe_timeline(result, budget),
        export=lambda: {
            "step": np.arange(1, last + 2),
            **{
                f"{name} [tokens]": row
                for name, row in zip(TITLES, result.array("total"), strict=True)
            },
        },
        on_select=choose_step,
    )
    left_out(result)
    _step(result, step, telling)
    _kept(lab, result)
    if "peak" in result.fields:
        _all(lab, result)
    else:
        st.caption("Over all questions nothing can be said here: no gold questions are at work.")
    total = result.array("total")[:, step]
    explain(
        lab,
        "HiAgent",
        step=step + 1,
        flat=int(total[0]),
        short=int(total[1]),
        back=int(total[2]),
        budget=budget,
    )
    take_away(lab, experiment, obtained)


def _telling(result: Result, budget: int) -> int:
    """The step shown at first: where the flat memory overflows, else the last one."""
    over = first_over(result, 0, budget)
    return over - 1 if over else len(result.notes["steps"]) - 1


def _step(result: Result, step: int, telling: int) -> None:
    """What the prompt holds after one step; ``telling`` is the one shown at first."""
    names = step_names(result)
    left, right = st.columns([3, 2], gap="large", vertical_alignment="bottom")
    with left:
        pick("Step", STEP, telling, list(range(len(names))), lambda i: names[i][:120])
    with right:
        held = choose("Memory", MEMORIES, HELD, default="subgoals")
    rows = held_table(result, step, list(MEMORIES).index(held))
    total = int(result.array("total")[list(MEMORIES).index(held), step])
    st.markdown(f"After step {step + 1} the prompt holds **{total:,} tokens**.")
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={
            "No.": st.column_config.NumberColumn(width=40),
            "Subgoal": st.column_config.TextColumn(width=300),
            "How": st.column_config.TextColumn(width=80),
            "Tokens": st.column_config.NumberColumn(width=60),
        },
    )


def _kept(lab: Lab, result: Result) -> None:
    """What the rule-based summaries kept of the answers, as a table of this session."""
    say(lab, describe_kept(result))
    rows = [
        {
            "No.": number,
            "Subgoal": one["name"],
            "In short": one["summary"],
            "Answer": one["answer"],
            "Lost words": ", ".join(one["lost"]) or "none",
        }
        for number, one in enumerate(result.notes["subgoals"], start=1)
        if one["summary"]
    ]
    if rows:
        with st.expander(f"The {len(rows)} finished subgoals in short"):
            st.dataframe(rows, hide_index=True, width="stretch")


def _all(lab: Lab, result: Result) -> None:
    """Every question alone: the largest prompt by hops, beside the published claim."""
    section("Over all questions")
    figure = draw_peaks(result, palette())
    show(
        figure,
        "memory_graph_peaks",
        describe_peaks(result),
        export=lambda: {
            "hops": result.array("hops"),
            **{
                f"{name} [tokens]": row
                for name, row in zip(TITLES, result.array("peak"), strict=True)
            },
        },
    )
    say(lab, describe_peaks(result))
    show_claims(subgoal_claims(result))
