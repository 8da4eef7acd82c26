"""What every view of the memory-graph page shares: the question and how it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from engine.core import Lab, Result, get_lab
from engine.labs.memory_graph.config import DEFAULT_QUESTION, Asked
from pages.kit import default_result, field_key, form, linked, select

SETTINGS = ("method", "damping", "synonyms", "threshold", "specificity", "passage_score", "spread")


@dataclass(frozen=True)
class Scene:
    """The lab, the question's settings, and the questions to choose from."""

    lab: Lab
    asked: Asked
    questions: list[str]


def controls(lab: Lab) -> Scene:
    """The narrow left column: the question and the walk."""
    experiment = lab.experiment("wavefront")
    questions = _questions(lab)
    pick(
        "Question",
        field_key(lab, experiment, "question"),
        DEFAULT_QUESTION,
        list(range(len(questions))),
        lambda i: f"{i + 1}. {questions[i]}",
    )
    return Scene(lab, form(lab, experiment, fields=("ask", *SETTINGS)), questions)


def pick(
    label: str, key: str, default: int, options: list[int], words: Callable[[int], str]
) -> int:
    """One of many numbered things from a menu, with its number in the URL."""
    value = linked(key, default, options=options)
    widget = f"{key}#menu"
    st.session_state[widget] = value
    st.selectbox(
        label,
        options,
        format_func=words,
        key=widget,
        on_change=lambda: select(key, int(st.session_state[widget])),
    )
    return value


def _questions(lab: Lab) -> list[str]:
    shipped: Result | None = default_result(lab, lab.experiment("duel"))
    return [] if shipped is None else [one["text"] for one in shipped.notes["questions"]]


def graph_lab() -> Lab:
    """The lab of this page."""
    return get_lab("memory_graph")
