"""What every view of the memory-graph page shares: the question and how it is asked."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from engine.core import Lab, Result, get_lab
from engine.labs.memory_graph.config import Asked
from pages.kit import default_result, field_key, form, select

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
    key = field_key(lab, experiment, "question")
    asked = form(lab, experiment, fields=())
    at = min(asked.question, len(questions) - 1)
    chosen = st.selectbox(
        "Question",
        range(len(questions)),
        index=at,
        format_func=lambda i: f"{i + 1}. {questions[i]}",
        key=f"{key}#menu.{at}",
    )
    if chosen != at:
        select(key, int(chosen))
        st.rerun()
    asked = form(lab, experiment, fields=("ask", *SETTINGS))
    return Scene(lab, asked, questions)


def _questions(lab: Lab) -> list[str]:
    shipped: Result | None = default_result(lab, lab.experiment("duel"))
    return [] if shipped is None else [one["text"] for one in shipped.notes["questions"]]


def graph_lab() -> Lab:
    """The lab of this page."""
    return get_lab("memory_graph")
