"""What lies around a chosen note or name, and the note itself with where it came from and why."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
import streamlit as st

from engine.core import EngramError
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.memory_around import Around
from engine.labs.memory_graph.memory_notes import Note
from engine.labs.memory_graph.physics import physics_page
from pages.kit import choose, complain, linked, palette, plain, select
from pages.kit.components.graph import EdgeKind, NodeKind, graph
from pages.kit.components.sandbox import sandbox
from pages.kit.headers import NONCE
from pages.panels.memory_graph.own_map import AT, NAME
from pages.panels.memory_graph.own_search import asked

DEPTH = "memory_graph.steps_around"
FORM = "memory_graph.ego"
FORMS = {"map": "Fixed", "physics": "Physics"}
MOST_PARTS = 8


def show_reading(memory: Memory) -> None:
    """The ego graph beside the text of what is chosen."""
    value = linked(AT, "")
    try:
        centre: int | str = value.removeprefix(NAME) if value.startswith(NAME) else _number(value)
        depth = linked(DEPTH, 1, low=1, high=3)
        around = memory.around(centre, depth)
    except EngramError as error:
        complain(error)
        st.button("Let go", on_click=select, args=(AT, ""), type="tertiary")
        return
    head, close = st.columns([5, 1], vertical_alignment="center")
    head.subheader(plain(around.labels[0]), anchor=False)
    close.button("Let go", on_click=select, args=(AT, ""), type="tertiary")
    left, right = st.columns([3, 2], gap="large")
    with left:
        _ego(around, depth)
    with right:
        if isinstance(centre, int):
            _note(memory, memory.get(centre))
        else:
            _name(memory, around)


def _number(value: str) -> int:
    return int(value) if re.fullmatch(r"[1-9][0-9]{0,9}", value) else -1


def _ego(around: Around, depth: int) -> None:
    shape, steps = st.columns(2, vertical_alignment="bottom")
    with shape:
        form = choose("Ego graph", FORMS, FORM)
    with steps:
        _steps(depth)
    title = f"Around {around.labels[0]}"
    if form == "physics":
        page = physics_page(around, palette(), title, NONCE)
        sandbox(page, key="memory_graph_physics", title=f"{title}, moving", height=480)
    else:
        _fixed(around, title)
    told = f"{len(around.labels)} nodes and {len(around.edges)} edges within {depth} "
    told += "step" if depth == 1 else "steps"
    if around.left_out:
        told += f"; the {around.left_out:,} next ones, which are joined more weakly, are left out"
    st.caption(f"{told}.")
    st.download_button(
        "graph.html",
        lambda: physics_page(around, palette(), title).encode(),
        file_name="graph.html",
        mime="text/html",
        key="memory_graph#ego-html",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        help="the moving view as one file that needs no network",
    )


def _steps(depth: int) -> None:
    widget = f"{DEPTH}#slider"
    st.session_state[widget] = depth
    st.slider(
        "Depth [steps]",
        1,
        3,
        key=widget,
        on_change=lambda: select(DEPTH, int(st.session_state[widget])),
    )


def _fixed(around: Around, title: str) -> None:
    colours = palette()
    notes = np.array(around.notes)

    def go(nodes: tuple[int, ...]) -> None:
        if nodes:
            node = nodes[0]
            note = around.notes[node]
            select(AT, str(note) if note else f"{NAME}{around.labels[node]}")

    graph(
        around.xy,
        around.edges,
        key="memory_graph_ego_map",
        palette=colours,
        title=title,
        labels=around.labels,
        kinds=[
            NodeKind("name", colours.category(0)),
            NodeKind("note", colours.category(1), "square"),
        ],
        kind=(notes > 0).astype(np.uint8),
        edge_kinds=[
            EdgeKind("fact", colours.muted),
            EdgeKind("alike", colours.category(2), (4, 3)),
            EdgeKind("stands in", colours.grid),
        ],
        edge_kind=around.kinds,
        weight=1 / (1.0 + around.steps),
        readouts={"steps from the centre": (around.steps, "1")},
        marked=[0],
        marked_name="chosen",
        selected=(),
        on_select=go,
        radii=(4.0, 12.0),
        height=440,
        alt=f"{title}: {int((notes > 0).sum())} notes and {int((notes == 0).sum())} names",
    )


def _note(memory: Memory, note: Note) -> None:
    """The text, where and when it comes from, why it answers, and what happened to it."""
    with st.container(border=True):
        st.text(note.text)
    facts = [
        f"dated {plain(note.when)}" if note.when else "undated",
        f"from {plain(note.source)}" if note.source else "",
        f"recalled {note.strength - 1} times, last on {note.recalled}" if note.recalled else "",
        f"forgotten on {note.gone}" if note.gone else "",
    ]
    st.caption(f"Note {note.note}: {'; '.join(fact for fact in facts if fact)}.")
    question = asked()
    if len(question) > 1:
        _why(memory, note.note, question)
    with st.expander("History of this note"):
        st.dataframe(
            [
                {
                    "Date": change.when or "undated",
                    "What": change.action,
                    "Before": change.before,
                    "After": change.after,
                    "By": change.cause,
                }
                for change in memory.history(note.note)
            ],
            hide_index=True,
            width="stretch",
        )


def _why(memory: Memory, note: int, question: str) -> None:
    """The walk's score taken apart for the words in the search box."""
    why = memory.explain(note, question)
    if not why.score:
        st.markdown(
            f"The walk that starts at the names in *{plain(question)}* does not reach this note."
        )
        return
    first = why.seeds[0]
    st.markdown(
        f"Why *{plain(question)}* finds it: the walk gives it {why.score:.3g}, of which "
        f"{100 * first.share / why.score:.0f} % started at **{plain(first.name)}**."
    )
    part: Literal["seeds", "facts", "nodes"] = choose(
        "Parts of the score",
        {"seeds": "Seeds", "facts": "Facts", "nodes": "Nodes"},
        "memory_graph.own_part",
    )
    rows = {
        "seeds": [(one.name, one.share) for one in why.seeds],
        "facts": [(" ".join(one.triple), one.share) for one in why.triples],
        "nodes": [(one.name, one.share) for one in why.nodes],
    }[part]
    st.dataframe(
        {
            part.capitalize(): [name for name, _ in rows[:MOST_PARTS]],
            "Share of the score [%]": [100 * share / why.score for _, share in rows[:MOST_PARTS]],
        },
        hide_index=True,
        width="stretch",
        column_config={"Share of the score [%]": st.column_config.NumberColumn(format="%.1f")},
    )


def _name(memory: Memory, around: Around) -> None:
    """The notes in which a name stands."""
    near = [
        memory.get(note)
        for note, step in zip(around.notes, around.steps.tolist(), strict=True)
        if note and step == 1
    ]
    st.markdown(f"This name stands in {len(near)} {'note' if len(near) == 1 else 'notes'} shown.")
    st.dataframe(
        {
            "Note": [note.title or f"note {note.note}" for note in near],
            "Date": [note.when for note in near],
            "Text": [note.text for note in near],
        },
        hide_index=True,
        width="stretch",
    )
