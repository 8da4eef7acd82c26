"""Probing questions: the day on which each answer goes out of reach."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.core import Lab, Result
from engine.labs.memory_graph.views.probes import (
    ORDERS,
    WHOLE,
    describe_answerable,
    describe_probe,
    draw_answerable,
    draw_probes,
    probe_table,
    shown_probes,
    telling_probe,
)
from engine.labs.memory_graph.views.season import day_of, formulas
from pages.kit import choose, palette, plain, say, section, show
from pages.panels.memory_graph.scene import pick

PROBE = "memory_graph.probe"


def show_probes(lab: Lab, result: Result, day: int) -> None:
    """How many answers are in reach each day, and until when each one is."""
    section(
        "What can still be answered",
        "Each question is put to the memory on every day, without recalling anything.",
    )
    if "found" not in result.fields:
        st.markdown(
            "No question with a dated answer came with this memory. Ask one of your own on the "
            "left: the passages that it finds while nothing is forgotten are then its evidence."
        )
        return
    notes = result.notes["probes"]
    if result.number("questions") > len(notes):
        st.caption(
            f"{len(notes)} of {int(result.number('questions')):,} questions, drawn with the seed."
        )
    figure = draw_answerable(result, palette(), day=day)
    show(
        figure,
        "memory_graph_answerable",
        figure.layout.meta["alt"],
        export=lambda: _answerable(result),
    )
    say(lab, describe_answerable(result, day))
    probe = pick(
        "Question",
        PROBE,
        0 if notes[0]["made"] else telling_probe(result),
        list(range(len(notes))),
        lambda i: f"{i + 1}. {notes[i]['question']}" + (" (your own)" if notes[i]["made"] else ""),
    )
    st.markdown(f"**{plain(describe_probe(result, probe))}**")
    shown = shown_probes(result, choose("Questions", ORDERS, "memory_graph.probe_order"), probe)
    figure = draw_probes(result, palette(), probes=shown, chosen=probe, day=day)
    show(
        figure,
        "memory_graph_probes",
        figure.layout.meta["alt"],
        export=lambda: {
            name: [row[name] for row in probe_table(result)] for name in probe_table(result)[0]
        },
    )
    with st.expander(f"All {len(notes)} questions, with the day from which each is lost"):
        st.dataframe(probe_table(result), hide_index=True, width="stretch", height=360)


def _answerable(result: Result) -> dict[str, object]:
    found = result.array("found").astype(np.float64).sum(axis=1)
    return {
        "date": [day_of(result, day) for day in range(found.shape[1])],
        **dict(zip(formulas(result), found, strict=True)),
        WHOLE: result.array("found_whole").sum(axis=0),
    }
