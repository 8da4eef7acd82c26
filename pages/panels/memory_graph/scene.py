"""What every view of the memory-graph page shares: the memory, the question, how it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from engine.core import Config, EngramError, Experiment, Lab, Result, get_lab
from engine.labs.memory_graph.asking import question_texts
from engine.labs.memory_graph.config import DEFAULT_QUESTION, FIRST_FOUND, Asked, Files
from engine.store import Store
from pages.kit import complain, field_key, form, linked, select

FILES = ("questions", "triples", "vectors")
MEMORY_SHOWN = "#memory"
MEMORY = ("corpus", "keep_rest")
ATTACHED = ("questions", "triples", "vectors")
WALK = ("method", "damping", "synonyms", "threshold", "specificity", "passage_score", "spread")
TOKEN = "memory_graph.token"
MIDDLE = -1  # the token in the middle of the stream, whatever its length
# Selections whose default depends on the result.
CHOSEN = ("bucket", "frame", "tree_node", "agent_step")


@dataclass(frozen=True)
class Scene:
    """The lab, the question's settings, and the questions to choose from."""

    lab: Lab
    asked: Asked
    questions: list[str]


def question_settings(lab: Lab) -> Scene:
    """The memory, a question about it, and the walk."""
    experiment = lab.experiment("wavefront")
    files = choose_files(lab, experiment)
    assert isinstance(files, Asked)
    questions = pick_question(lab, experiment, files)
    asked = form(lab, experiment, fields=("ask", *WALK))
    assert isinstance(asked, Asked)
    return Scene(lab, asked, questions)


def pick_question(lab: Lab, experiment: Experiment, files: Files) -> list[str]:
    """The questions that came with a memory, after a menu of them where there are some."""
    questions = offered_questions(files)
    if questions:
        pick(
            "Question",
            field_key(lab, experiment, "question"),
            DEFAULT_QUESTION if len(questions) > DEFAULT_QUESTION else 0,
            list(range(len(questions))),
            lambda i: f"{i + 1}. {questions[i]}",
        )
    return questions


def choose_files(lab: Lab, experiment: Experiment) -> Config:
    """The memory with its questions, triples and vectors."""
    new_memory(lab, form(lab, experiment, fields=MEMORY))
    with st.container(horizontal=True):
        return form(lab, experiment, fields=ATTACHED)


def pick(
    label: str, key: str, default: int, options: list[int], words: Callable[[int], str]
) -> int:
    """One of many numbered things from a menu, with its number in the URL."""
    value = linked(key, default, options=options)
    widget = f"{key}#menu"
    st.session_state[widget] = value

    def take() -> None:
        # A menu whose options have changed meanwhile sends the words of one that is gone.
        chosen = st.session_state[widget]
        if isinstance(chosen, int):
            select(key, chosen)

    st.selectbox(label, options, format_func=words, key=widget, on_change=take)
    return value


def left_out(result: Result) -> None:
    """What was not read of the visitor's files, and what looks odd in them."""
    told: list[Any] = [*result.notes.get("left_out", ()), *result.notes.get("notices", ())]
    if told:
        with st.expander(f"Remarks on what was read ({len(told)})"):
            for sentence in told:
                st.text(str(sentence))


def new_memory(lab: Lab, files: Config) -> None:
    """What was chosen in one memory means nothing in another: begin anew there."""
    held, now = st.session_state.get(MEMORY_SHOWN), getattr(files, "corpus", "")
    st.session_state[MEMORY_SHOWN] = now
    if held is None or held == now:
        return
    for experiment, name, value in (
        ("wavefront", "question", DEFAULT_QUESTION),
        ("why", "passage", FIRST_FOUND),
        ("why", "without_seeds", ""),
        ("why", "without_edges", ""),
        ("evolution", "conversation", 0),
        ("why", "without_facts", ""),
    ):
        select(field_key(lab, lab.experiment(experiment), name), value)
    select(TOKEN, MIDDLE)
    for name in CHOSEN:
        st.session_state.pop(f"{lab.name}.{name}", None)
        st.query_params.pop(f"{lab.name}.{name}", None)


def offered_questions(files: Files) -> list[str]:
    """The texts of the questions that came with a memory; a complaint where they cannot be read."""
    try:
        return question_texts(files, Store.open().inputs.get)
    except EngramError as error:
        complain(error)
        return []


def graph_lab() -> Lab:
    """The lab of this page."""
    return get_lab("memory_graph")


def show_without_gold() -> None:
    """What a memory needs before anything can be scored on it."""
    st.header("Questions with gold passages", anchor=False)
    st.markdown(
        "This memory came without questions, so there is nothing to score. Bring some under "
        "**Questions** on the left: JSON lines, each with a question and the passages that answer "
        "it, by their position (the first one is 0) or by the id that the file gives them."
    )
    st.code(
        '{"question": "Who leads Project Quartz?", "gold": [3]}\n'
        '{"question": "Where did they meet after the deadline moved?", "gold": [7, 12]}',
        language="json",
    )
