"""A memory as JSON lines, to be taken elsewhere, and what becomes of one note in two memories.

The first line is ``{"engram_memory": 1, "notes": N}``, each other a note with its history. Facts
that were read out of the text are left out: they are read again.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from engine.core.errors import BadInput, EngramError
from engine.core.settings import MB
from engine.io.jsonl import BYTE_ORDER_MARK, read_rows
from engine.io.paths import local_path
from engine.labs.memory_graph.living.notes import Change
from engine.labs.memory_graph.memory_store import FIELD, HEADER
from engine.labs.memory_graph.memory_write import LONGEST_LINE, MOST_TRIPLES, Entry, add_history
from engine.labs.memory_graph.openie import LONGEST, Triple

VERSION = 1
MARK = "engram_memory"
LIMIT_BYTES = 512 * MB
MOST_RECALLS = 1_000_000
PARTS = ("when", "step", "field", "before", "after", "cause", "action")


def read_entries(connection: sqlite3.Connection) -> list[Entry]:
    """Every note of a memory with its history, by id."""
    connection.execute("BEGIN")  # all tables as of one moment
    try:
        history: dict[int, list[Change]] = {}
        for note, *values in connection.execute(
            "SELECT passage, dated, step, field, before, after, cause, action FROM history "
            "ORDER BY id"
        ):
            history.setdefault(note, []).append(Change(str(note), *values))
        triples: dict[int, list[Triple]] = {}
        for note, subject, relation, target, count in connection.execute(
            "SELECT m.passage, s.text, f.relation, o.text, m.count FROM passages AS p "
            "JOIN mentions AS m ON m.passage = p.id JOIN facts AS f ON f.id = m.fact "
            "JOIN phrases AS s ON s.id = f.subject JOIN phrases AS o ON o.id = f.object "
            "WHERE p.extracted = 0 ORDER BY m.passage, s.text, f.relation, o.text"
        ):
            own = triples.setdefault(note, [])
            if len(own) + count > MOST_TRIPLES:
                raise BadInput(FIELD, "the file is damaged: a note has too many facts")
            own += [Triple(subject, relation, target)] * count
        rows = connection.execute(
            "SELECT id, text, title, dated, source, extracted, strength, recalled, gone "
            "FROM passages ORDER BY id"
        ).fetchall()
    finally:
        connection.execute("COMMIT")
    return [
        Entry(
            text=text,
            title=title,
            when=when,
            source=source,
            triples=None if extracted else tuple(triples.get(note, ())),
            strength=strength,
            recalled=recalled,
            gone=gone,
            history=tuple(history.get(note, ())),
        )
        for note, text, title, when, source, extracted, strength, recalled, gone in rows
    ]


def unite(connection: sqlite3.Connection, note: int, entry: Entry) -> None:
    """A note that is there already: what it went through here and elsewhere.

    The stronger and later recall counts, it is a ghost only where both forgot it, and changes that
    both saw stand once. So memories may be merged in any order.
    """
    connection.execute(
        "UPDATE passages SET strength = MAX(strength, ?2), "
        "recalled = NULLIF(MAX(COALESCE(recalled, 0), COALESCE(?3, 0)), 0), "
        "gone = CASE WHEN gone IS NULL OR ?4 IS NULL THEN NULL ELSE MIN(gone, ?4) END "
        "WHERE id = ?1",
        (note, entry.strength, entry.recalled, entry.gone),
    )
    seen = set(
        connection.execute(
            "SELECT dated, field, before, after, cause, action FROM history WHERE passage = ?",
            (note,),
        )
    )
    new = [
        change
        for change in entry.history
        if (
            change.when,
            change.field,
            change.before,
            change.after,
            change.cause,
            change.action,
        )
        not in seen
    ]
    add_history(connection, note, new)


def as_lines(entries: Iterable[Entry]) -> bytes:
    """What an export's file holds."""
    rows = [_row(entry) for entry in entries]
    every = [{MARK: VERSION, "notes": len(rows)}, *rows]
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in every)


def write_lines(entries: Iterable[Entry], path: Path | str) -> Path:
    """The file, whole or not at all; raises BadInput("export") for a place that cannot be used."""
    place = local_path(path, field="export")
    if place.is_dir():
        raise BadInput("export", f"{str(place)[:200]!r} is a folder")
    lines = as_lines(entries)
    temporary = place.with_name(f".{place.name[:100]}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(lines)
        temporary.replace(place)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise EngramError(
            f"export: {str(place)[:200]!r} cannot be written ({error.strerror})"
        ) from None
    return place


def is_memory(data: bytes) -> bool:
    """Whether ``data`` begin as a memory's file does, or as what an export of one writes."""
    start = data[:200].removeprefix(BYTE_ORDER_MARK).lstrip()
    return data.startswith(HEADER[:6]) or start.startswith(f'{{"{MARK}":'.encode())


def read_lines(source: Path | str | bytes) -> list[Entry]:
    """The notes of an exported memory.

    Raises BadInput("memory") for another file, a newer version, one that is cut off and a bad line,
    which is named.
    """
    expected: int | None = None

    def convert(row: dict[str, Any], place: str) -> Entry | None:
        nonlocal expected
        if expected is None:
            expected = _header(row)
            return None
        return _entry(row)

    rows = read_rows(source, convert, field=FIELD, limit=LIMIT_BYTES)
    entries = [entry for entry in rows.items if entry is not None]
    if len(entries) != expected:
        raise BadInput(FIELD, f"the file is cut off: it has {len(entries)} of {expected} notes")
    return entries


def _row(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {
        "text": entry.text,
        "title": entry.title,
        "when": entry.when,
        "source": entry.source,
        "strength": entry.strength,
        "recalled": _iso(entry.recalled),
        "gone": _iso(entry.gone),
        "history": [[getattr(change, part) for part in PARTS] for change in entry.history],
    }
    if entry.triples is not None:
        row["triples"] = [list(triple) for triple in entry.triples]
    return row


def _header(row: dict[str, Any]) -> int:
    version, notes = row.get(MARK), row.get("notes")
    if type(version) is not int or type(notes) is not int or version < 1:
        raise BadInput(FIELD, f'this is no exported memory: it begins with {{"{MARK}": ...}}')
    if version > VERSION:
        raise BadInput(
            FIELD,
            f"the file has version {version}, written by a newer Engram Lab; this one reads up to "
            f"{VERSION}",
        )
    return notes


def _entry(row: dict[str, Any]) -> Entry:
    strength = row.get("strength", 1)
    if type(strength) is not int or not 1 <= strength <= MOST_RECALLS:
        raise BadInput(FIELD, f'"strength" must be a whole number of 1 to {MOST_RECALLS:,}')
    try:
        return Entry(
            **{name: row.get(name, "") for name in ("text", "title", "when", "source")},
            triples=_triples(row["triples"]) if "triples" in row else None,
            strength=strength,
            recalled=_ordinal(row, "recalled"),
            gone=_ordinal(row, "gone"),
            history=tuple(map(_change, _list(row, "history"))),
        )
    except BadInput as error:
        named = "" if error.field == FIELD else f'"{error.field}" '
        raise BadInput(FIELD, f"{named}{error.reason}") from None


def _list(row: dict[str, Any], name: str) -> list[Any]:
    value = row.get(name, [])
    if not isinstance(value, list):
        raise BadInput(FIELD, f'"{name}" must be a list')
    return value


def _triples(rows: Any) -> tuple[Triple, ...]:
    good = isinstance(rows, list) and all(
        isinstance(row, list)
        and len(row) == 3
        and all(isinstance(part, str) and len(part) <= LONGEST for part in row)
        for row in rows
    )
    if not good:
        raise BadInput(FIELD, '"triples" must be a list of three texts each')
    return tuple(Triple(*row) for row in rows)


def _change(row: Any) -> Change:
    kinds = [int if part == "step" else str for part in PARTS]
    good = isinstance(row, list) and [type(value) for value in row] == kinds
    if not good or any(isinstance(v, str) and len(v) > LONGEST_LINE for v in row):
        raise BadInput(FIELD, f'"history" must hold lists of {", ".join(PARTS)}')
    if not 0 <= row[PARTS.index("step")] < 1 << 62:
        raise BadInput(FIELD, '"step" must not be negative')
    return Change("", *row)


def _iso(ordinal: int | None) -> str | None:
    return None if ordinal is None else date.fromordinal(ordinal).isoformat()


def _ordinal(row: dict[str, Any], name: str) -> int | None:
    value = row.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value).toordinal()
    except (TypeError, ValueError):
        raise BadInput(FIELD, f'"{name}" must be a date as YYYY-MM-DD') from None
