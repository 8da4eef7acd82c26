"""The ego graph of a note or a name, by the names that people know."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np

from engine.core.errors import NotFound
from engine.labs.memory_graph.layout import layout
from engine.labs.memory_graph.memory_read import Snapshot
from engine.labs.memory_graph.neighbourhood import neighbourhood
from engine.labs.memory_graph.node_map import Map
from engine.labs.memory_graph.phrases import normalise


@dataclass(frozen=True, eq=False)
class Around:
    """Nodes around a centre, which is the first.

    ``labels`` are names and titles, ``notes`` ids of notes, 0 for a name; ``steps`` (nodes,) from
    the centre; ``xy`` (nodes, 2) within -1 and 1, the same every time; ``edges`` (edges, 2), the
    strongest first, with ``kinds`` (see ``node_map``) and ``weights``. ``left_out`` further nodes
    are as near.
    """

    labels: tuple[str, ...]
    notes: tuple[int, ...]
    steps: np.ndarray
    xy: np.ndarray
    edges: np.ndarray
    kinds: np.ndarray
    weights: np.ndarray
    left_out: int


def around(
    snapshot: Snapshot, connection: sqlite3.Connection, centre: int | str, depth: int, most: int
) -> Around:
    """See ``Memory.around``."""
    phrases = snapshot.graph.phrases
    part = neighbourhood(snapshot.map, _place(snapshot, centre), depth, most)
    notes = [
        int(snapshot.ids[node - len(phrases)]) if node >= len(phrases) else 0
        for node in part.nodes.tolist()
    ]
    labels = [
        _title(connection, note) if note else phrases[node]
        for node, note in zip(part.nodes.tolist(), notes, strict=True)
    ]
    own = Map(len(labels), part.edges, part.kinds)
    return Around(
        tuple(labels),
        tuple(notes),
        part.steps,
        layout(own.adjacency),
        part.edges,
        part.kinds,
        part.weights,
        part.left_out,
    )


def _place(snapshot: Snapshot, centre: int | str) -> int:
    graph = snapshot.graph
    if isinstance(centre, str):
        node = graph.places.get(normalise(centre))
        if node is None:
            raise NotFound(f"there is no name {centre[:80]!r}")
        return node
    found = np.flatnonzero(snapshot.ids == centre)
    if not len(found):
        raise NotFound(f"there is no note {centre}")
    return len(graph.phrases) + int(found[0])


def _title(connection: sqlite3.Connection, note: int) -> str:
    (title,) = connection.execute("SELECT title FROM passages WHERE id = ?", (note,)).fetchone()
    return title or f"note {note}"
