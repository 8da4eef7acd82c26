"""The map of a memory: its communities, or the members of one, or all nodes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import streamlit as st

from engine.core import Result
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.memory_notes import Hit
from engine.labs.memory_graph.views.overview import (
    describe_groups,
    describe_sample,
    group_names,
    lit_groups,
    map_names,
)
from pages.kit import choose, linked, palette, plain, select
from pages.kit.components.graph import EdgeKind, NodeKind, graph

GROUP = "memory_graph.group"
AT = "memory_graph.at"
LEVEL = "memory_graph.level"
LEVELS = {"groups": "Communities", "all": "All nodes"}
NAME = "name:"


def go_to(result: Result, value: str) -> None:
    """Choose a note ("12") or a name ("name:heron bridge"), and its community on the map."""
    select(AT, value)
    node = _node_of(result, value)
    if node is not None and linked(LEVEL, "groups") == "groups":
        select(GROUP, int(result.array("community")[node]))


def map_of(result: Result, memory: Memory, hits: Sequence[Hit]) -> None:
    """Draw the level that is chosen, with the hits of the search lit."""
    level = choose("Map", LEVELS, LEVEL, label_visibility="collapsed")
    groups = len(result.notes["groups"])
    group = linked(GROUP, -1, low=-1, high=groups - 1)
    nodes = [node for hit in hits if (node := _node_of(result, _value(hit))) is not None]
    if level == "all":
        _nodes(result, memory, np.arange(result["xy"].size("node")), nodes, "All nodes")
        return
    if group < 0:
        _groups(result, nodes)
        return
    st.button("All communities", icon=":material/arrow_back:", on_click=select, args=(GROUP, -1))
    members = np.flatnonzero(result.array("community") == group)
    _nodes(result, memory, members, nodes, f"Community: {group_names(result)[group]}")


def _groups(result: Result, hits: list[int]) -> None:
    colours = palette()
    sizes = result.array("group_notes") + result.array("group_names")
    rest = result.notes["rest"]
    links = result.array("link_edges").astype(np.float64)

    def enter(nodes: tuple[int, ...]) -> None:
        select(GROUP, nodes[0] if nodes else -1)

    graph(
        result.array("group_xy"),
        result.array("links"),
        key="memory_graph_groups_map",
        palette=colours,
        title="Communities of the memory",
        labels=map_names(result),
        kinds=[
            NodeKind("community", colours.category(0)),
            NodeKind("notes without a group", colours.muted, "diamond"),
        ],
        kind=(np.arange(len(sizes)) == rest).astype(np.uint8),
        edge_kinds=[EdgeKind("edges between members", colours.grid)],
        weight=sizes,
        flow=links,
        lit=lit_groups(result, np.array(hits, np.int64)) if hits else None,
        readouts={
            "notes": (result.array("group_notes"), "1"),
            "names": (result.array("group_names"), "1"),
        },
        selected=(),
        on_select=enter,
        radii=(4.0, 20.0),
        height=520,
        alt=describe_groups(result).rstrip("."),
    )
    st.caption(f"Size: members of a community. Drawn from {describe_sample(result)}.")


def _nodes(
    result: Result, memory: Memory, members: np.ndarray, hits: list[int], title: str
) -> None:
    """Some nodes of the map with the edges between them."""
    colours = palette()
    note = result.array("note")[members]
    place = np.full(result["xy"].size("node"), -1)
    place[members] = np.arange(len(members))
    edges = place[result.array("edges")]
    inside = (edges >= 0).all(axis=1)
    ghosts = np.isin(note, list(memory.ghosts()))
    kind = np.where(ghosts, 2, np.where(note > 0, 1, 0))
    labels = result.notes["labels"]
    at = _node_of(result, linked(AT, ""))
    chosen = int(place[at]) if at is not None else -1
    lit = [int(place[node]) for node in hits if place[node] >= 0]

    def read(nodes: tuple[int, ...]) -> None:
        select(AT, _value_of(result, int(members[nodes[0]])) if nodes else "")

    graph(
        result.array("xy")[members],
        edges[inside],
        key="memory_graph_nodes_map",
        palette=colours,
        title=title,
        labels=[labels[i] for i in members.tolist()],
        kinds=[
            NodeKind("name", colours.category(0)),
            NodeKind("note", colours.category(1), "square"),
            NodeKind("forgotten note", colours.muted, "diamond"),
        ],
        kind=kind,
        edge_kinds=[
            EdgeKind("fact", colours.muted),
            EdgeKind("alike", colours.category(2), (4, 3)),
            EdgeKind("stands in", colours.grid),
        ],
        edge_kind=result.array("edge_kind")[inside],
        weight=result.array("degree")[members],
        lit=lit or None,
        readouts={"edges": (result.array("degree")[members], "1")},
        selected=(chosen,) if chosen >= 0 else (),
        on_select=read,
        height=560,
        alt=f"{title}: {int((note > 0).sum())} notes and {int((note == 0).sum())} names",
    )
    notes = int((note > 0).sum())
    st.caption(
        f"{plain(title)}: {notes:,} notes and {len(note) - notes:,} names; larger has more edges. "
        "Click one to read it and to see what lies around it."
    )


def _node_of(result: Result, value: str) -> int | None:
    """The node on the map of a note or a name; None where it is not drawn."""
    if not value:
        return None
    notes = result.array("note")
    if value.startswith(NAME):
        labels = result.notes["labels"]
        names = int((notes == 0).sum())
        name = value.removeprefix(NAME)
        return next((i for i in range(names) if labels[i] == name), None)
    numbered = re.fullmatch(r"[1-9][0-9]{0,9}", value)
    found = np.flatnonzero(notes == int(value)) if numbered else []
    return int(found[0]) if len(found) else None


def _value_of(result: Result, node: int) -> str:
    note = int(result.array("note")[node])
    return str(note) if note else f"{NAME}{result.notes['labels'][node]}"


def _value(hit: Hit) -> str:
    return f"{NAME}{hit.title}" if hit.note is None else str(hit.note)
