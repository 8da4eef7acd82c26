"""What a stored note says, and what is found while a question is still being typed."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from engine.core.errors import NotFound
from engine.labs.memory_graph.phrases import normalise

LEAST_LETTERS = 2
MOST_NAMES = 5
EXCERPT = 160


@dataclass(frozen=True)
class Note:
    """One note; ``recalled`` and ``gone`` are ISO dates, empty where it never was."""

    note: int
    title: str
    text: str
    when: str
    source: str
    strength: int
    recalled: str
    gone: str


@dataclass(frozen=True)
class Hit:
    """A name with the number of its notes, or a note (``note`` is its id) with an excerpt."""

    title: str
    note: int | None = None
    excerpt: str = ""
    when: str = ""
    notes: int = 0


def read_note(connection: sqlite3.Connection, note: int) -> Note:
    """The note with that id; raises NotFound."""
    row = connection.execute(
        "SELECT id, title, text, dated, source, strength, recalled, gone FROM passages "
        "WHERE id = ?",
        (note,),
    ).fetchone()
    if row is None:
        raise NotFound(f"there is no note {note}")
    number, title, text, when, source, strength, recalled, gone = row
    return Note(number, title, text, when, source, strength, _iso(recalled), _iso(gone))


def names_with(connection: sqlite3.Connection, text: str) -> list[Hit]:
    """Names that hold ``text``: those that begin with it first, then those in most notes."""
    wanted = normalise(text).strip()
    if len(wanted) < LEAST_LETTERS:
        return []
    rows = connection.execute(
        "SELECT p.text, (SELECT COUNT(DISTINCT m.passage) FROM facts AS f JOIN mentions AS m "
        "ON m.fact = f.id WHERE f.subject = p.id OR f.object = p.id) AS notes FROM phrases AS p "
        "WHERE instr(p.text, ?1) ORDER BY instr(p.text, ?1) > 1, length(p.text) LIMIT 40",
        (wanted,),
    ).fetchall()
    rows.sort(key=lambda row: (not row[0].startswith(wanted), -row[1], row[0]))
    return [Hit(name, notes=notes) for name, notes in rows[:MOST_NAMES]]


def notes_with(connection: sqlite3.Connection, text: str, limit: int) -> Iterator[int]:
    """Ids of notes, not forgotten, whose title or text holds ``text``, titles first."""
    like = re.sub(r"([%_!])", r"!\1", text.strip())
    for (note,) in connection.execute(
        "SELECT id FROM passages WHERE gone IS NULL AND (title LIKE ?1 ESCAPE '!' OR "
        "text LIKE ?1 ESCAPE '!') ORDER BY title LIKE ?1 ESCAPE '!' DESC, id LIMIT ?2",
        (f"%{like}%", limit),
    ):
        yield note


def as_hits(connection: sqlite3.Connection, notes: Iterable[int], text: str) -> list[Hit]:
    """The notes with the part of each that has most to do with ``text``."""
    hits = []
    for note in notes:
        found = read_note(connection, note)
        title = found.title or f"note {note}"
        hits.append(Hit(title, note, excerpt(found.text, text), found.when))
    return hits


def excerpt(text: str, wanted: str, most: int = EXCERPT) -> str:
    """At most ``most`` characters in one line, around the first word of ``wanted`` that is there.

    >>> excerpt("one two three four five six", "five", most=12)
    '…four five …'
    """
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    words = sorted(set(re.findall(r"\w{2,}", wanted.lower())), key=len, reverse=True)
    lower = line.lower()
    at = next((lower.find(word) for word in words if word in lower), 0)
    start = max(0, min(at - most // 3, len(line) - most))
    if start:
        start = line.find(" ", start - 1) + 1 or start
    end = min(len(line), start + most - 1)
    if end < len(line):
        end = line.rfind(" ", start, end) + 1 or end
    return f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"


def _iso(ordinal: int | None) -> str:
    return "" if ordinal is None else date.fromordinal(ordinal).isoformat()
