"""What days do to stored notes: retention, ghosts and recalls (the formulas are in ``forgetting``).

A forgotten note is a ghost: it keeps its rows and its history, and is found no more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.labs.memory_graph.living.checks import real
from engine.labs.memory_graph.living.forgetting import Formula, retention
from engine.labs.memory_graph.living.notes import Change
from engine.labs.memory_graph.memory_store import note_count
from engine.labs.memory_graph.memory_write import GONE, KEPT, add_history


@dataclass(frozen=True)
class Fate:
    """What a day made of a dated note: its retention, 0 to 1, and whether it is now a ghost."""

    note: int
    retention: float
    gone: bool


def forget(connection: sqlite3.Connection, day: int, formula: Formula, least: float) -> list[Fate]:
    """Make ghosts of what has faded below ``least`` on ``day``, an ordinal.

    Returns the notes that were there and dated up to that day. Raises BadInput("formula"),
    BadInput("least").
    """
    least = real(least, "least", 0.0, 1.0)
    rows = connection.execute(
        "SELECT id, strength, MAX(day, COALESCE(recalled, day)) FROM passages "
        "WHERE gone IS NULL AND day <= ? ORDER BY id",
        (day,),
    ).fetchall()
    table = np.array(rows, np.int64).reshape(-1, 3)
    kept = retention(formula, np.maximum(day - table[:, 2], 0), table[:, 1])
    due = kept < least
    step, when = note_count(connection), date.fromordinal(day).isoformat()
    for note in table[due, 0].tolist():
        connection.execute("UPDATE passages SET gone = ? WHERE id = ?", (day, note))
        change = Change(str(note), when, step, "state", KEPT, GONE, formula, "forget")
        add_history(connection, note, [change])
    return [
        Fate(int(note), float(share), bool(gone))
        for note, share, gone in zip(table[:, 0], kept, due, strict=True)
    ]


def recall(connection: sqlite3.Connection, notes: Sequence[int], day: int) -> None:
    """Notes were found on ``day``, an ordinal: strength grows by 1, time begins again.

    A note that is dated later is not recalled: on that day it was not there yet.
    """
    step, when = note_count(connection), date.fromordinal(day).isoformat()
    for note in notes:
        row = connection.execute(
            "UPDATE passages SET strength = strength + 1, "
            "recalled = MAX(COALESCE(recalled, 0), ?) "
            "WHERE id = ? AND COALESCE(day, 0) <= ? RETURNING strength",
            (day, note, day),
        ).fetchone()
        if row is None:
            continue
        (strength,) = row
        before, after = str(strength - 1), str(strength)
        change = Change(str(note), when, step, "strength", before, after, "", "recall")
        add_history(connection, note, [change])
