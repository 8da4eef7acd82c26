"""What the buffers of EM-LLM bring at the chosen place, or for a question."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.labs.memory_graph.living.film import Budget, film, steps_to
from engine.labs.memory_graph.views.event_cohesion import token_rows
from engine.labs.memory_graph.views.event_film import draw_budget, draw_film, film_table
from pages.kit import choose, explain, palette, section, show
from pages.panels.memory_graph.event_cuts import Scene

STEPS = 8
MANY = 4096


def show_film(scene: Scene) -> None:
    """A row for each of the last eight blocks up to the chosen token, or one for the question."""
    result = scene.result
    section(
        "What is brought back",
        "Before each block of 64 tokens the similarity buffer takes the events that its queries "
        "ask for, and the contiguity buffer their neighbours in time. Those of the chosen place "
        "are shown.",
    )
    asked = "stream"
    if "question" in result.fields:
        asked = choose(
            "Asked by",
            {"stream": "The stream at the chosen place", "question": "Your question"},
            "memory_graph.asked",
        )
    budget = _budget()
    length, block = len(result.array("surprise")), int(result.notes["block"])
    queries = result.array("queries")
    if asked == "question":
        st.text(result.notes["question"])
        steps = [(length, result.array("question"))]
    else:
        steps = steps_to(scene.token, queries, block, STEPS)
    made = film(token_rows(result), scene.opening, steps, budget)
    question = asked == "question"
    rows = film_table(result, made)
    if not rows:
        st.markdown(
            "No event lies before the local window here. Choose a later place, or a smaller window."
        )
    left, right = st.columns([3, 2], gap="large")
    with left:
        figure = draw_film(result, made, palette(), question=question)
        show(figure, "memory_graph_film", figure.layout.meta["alt"], export=lambda: _table(rows))
    with right:
        figure = draw_budget(made, palette(), question=question)
        show(figure, "memory_graph_budget", figure.layout.meta["alt"], export=lambda: _table(rows))
    if rows:
        st.dataframe(
            rows,
            hide_index=True,
            width="stretch",
            column_config={"Score": st.column_config.NumberColumn(format="%.4g")},
        )
        st.caption(
            "The events of the last step: similar ones by their score, then their neighbours. Text "
            "may begin within a sentence."
        )
    explain(scene.lab, "Buffers", similar=made.similar_budget, contiguous=made.contiguous_budget)


def _budget() -> Budget:
    columns = st.columns(3, gap="large")
    with columns[0]:
        n_mem = st.slider(
            "Budget of both buffers (tokens)",
            64,
            MANY,
            value=512,
            step=64,
            key="memory_graph.n_mem",
            bind="query-params",
            help="2,048 to 4,096 in the authors' configurations, for far longer streams",
        )
    with columns[1]:
        share = st.slider(
            "Share of contiguity (%)",
            0,
            90,
            value=30,
            step=10,
            key="memory_graph.contiguity",
            bind="query-params",
            help="30 % in the paper; the configurations that the authors ship switch it off",
        )
    with columns[2]:
        local = st.slider(
            "Local window (tokens)",
            64,
            MANY,
            value=256,
            step=64,
            key="memory_graph.n_local",
            bind="query-params",
            help="4,096 in the authors' configurations",
        )
    return Budget(int(n_mem), share / 100, n_local=int(local))


def _table(rows: list[dict[str, object]]) -> dict[str, np.ndarray]:
    return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else {})}
