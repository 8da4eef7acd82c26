"""A memory that is stored, grows note by note, answers, explains, forgets and can be merged.

>>> from engine.labs.memory_graph import Memory
>>> memory = Memory.open()                  # with a path it survives the process
>>> note = memory.add("Ada Marsh built the Heron Bridge.", title="Ada Marsh", when="1871-05-02")
>>> [found.title for found in memory.ask("Who built the Heron Bridge?")]
['Ada Marsh']
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.errors import BadInput, NotFound
from engine.labs.memory_graph.extract import extract
from engine.labs.memory_graph.ingest.document import Document, clean
from engine.labs.memory_graph.living.checks import top, whole
from engine.labs.memory_graph.living.forgetting import Formula, Threshold
from engine.labs.memory_graph.living.notes import Change
from engine.labs.memory_graph.memory_around import Around, around
from engine.labs.memory_graph.memory_explain import Why, why
from engine.labs.memory_graph.memory_fade import Fate, forget, recall
from engine.labs.memory_graph.memory_graphml import write_graphml
from engine.labs.memory_graph.memory_notes import (
    LEAST_LETTERS,
    Hit,
    Note,
    as_hits,
    names_with,
    notes_with,
    read_note,
)
from engine.labs.memory_graph.memory_port import (
    as_lines,
    read_entries,
    read_lines,
    unite,
    write_lines,
)
from engine.labs.memory_graph.memory_read import Snapshot
from engine.labs.memory_graph.memory_store import HEADER, MemoryFile, note_count
from engine.labs.memory_graph.memory_write import Entry, add_entries, day_of
from engine.labs.memory_graph.neighbourhood import MOST
from engine.labs.memory_graph.openie import Triple
from engine.labs.memory_graph.questions import LONGEST, Question

# The walk that also starts at like passages: no method does better on notes and on chats alike.
METHOD = "hipporag2"
MOST_ID = (1 << 63) - 1


@dataclass(frozen=True)
class Found:
    """A passage that answers, and its note's id; the ``score`` is on the method's own scale."""

    note: int
    title: str
    text: str
    when: str
    source: str
    score: float


class Memory:
    """Notes in one file; made by ``open`` or ``import_``, closed by ``close`` or ``with``.

    Everything raises BadInput("memory") for a damaged file, and EngramError where it cannot be
    written. Threads may share one memory, processes one file.
    """

    def __init__(self, file: MemoryFile):
        self._file = file
        self._kept: Snapshot | None = None
        self._asked: tuple[str, str] | None = None

    @classmethod
    def open(cls, path: Path | str | None = None, *, create: bool = True) -> Memory:
        """The memory at ``path``, a new one where nothing lies there; None: in this process only.

        Raises BadInput("memory") for what is no memory, one of a newer version, a file that is cut
        off or, without ``create``, no file.
        """
        return cls(MemoryFile(path, create=create))

    @classmethod
    def import_(cls, path: Path | str | bytes, into: Path | str | None = None) -> Memory:
        """What ``export`` wrote, as bytes or a file, added to the memory at ``into``."""
        entries = read_lines(path)
        memory = cls.open(into)
        try:
            memory.unite(entries)
        except BaseException:
            memory.close()
            raise
        return memory

    @classmethod
    def read(cls, data: bytes) -> Memory:
        """A copy, in this process, of the memory whose file or export ``data`` are.

        Raises BadInput("memory") as ``open`` and ``import_`` do.
        """
        if data.startswith(HEADER[:6]):
            return cls(MemoryFile(None, data=data))
        return cls.import_(data)

    def to_bytes(self) -> bytes:
        """The bytes of this memory's file: ``read`` and, once written, ``open`` take them."""
        return self._file.copied()

    def lines(self) -> bytes:
        """The bytes that ``export`` writes."""
        return as_lines(self.entries())

    def entries(self) -> list[Entry]:
        """Every note with its history, by id."""
        with self._file.reading() as connection:
            return read_entries(connection)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __len__(self) -> int:
        with self._file.reading() as connection:
            return note_count(connection)

    def add(
        self,
        text: str,
        when: str | date = "",
        title: str = "",
        source: str = "",
        triples: Sequence[Triple] | None = None,
    ) -> int:
        """Take one note and return its id; the same note again changes nothing.

        ``when`` that begins as YYYY-MM-DD lets the note fade. ``triples`` are facts from elsewhere;
        without them names are read out of the text. Raises BadInput for what is no note.
        """
        return self.add_all([entry(text, when, title, source, triples)])[0]

    def add_all(self, entries: Iterable[Entry]) -> list[int]:
        """Take many notes, all or none; returns their ids in order."""
        with self._file.writing() as connection:
            return [note for note, _ in add_entries(connection, entries)]

    def add_documents(self, documents: Iterable[Document]) -> list[int]:
        """Take what ``ingest`` read, all or none; returns the ids in order.

        A document's links and the facts that came with it join the names in its text.
        """
        return self.add_all(map(_of_document, documents))

    def ask(
        self, question: str, k: int = 5, method: str = METHOD, at: str | date | None = None
    ) -> list[Found]:
        """At most ``k`` passages that have something of the question, the best first.

        ``method`` is hipporag2, mix (of a walk and BM25), hipporag, bm25 or tfidf. With ``at``, a
        date, what was found is recalled on that day, which makes it last longer. Ghosts are not
        found. Raises BadInput("question"), BadInput("k"), BadInput("method"), BadInput("at").
        """
        k, day = whole(k, "k", 1), None if at is None else _day(at, "at")
        asked = _question(question)
        with self._file.reading() as connection:
            snapshot = self.snapshot()
            scores = snapshot.scores(asked, method)
            there = np.flatnonzero((scores > 0) & ~snapshot.gone)
            best = there[top(scores[there], k)]
            self._asked = question, method
            found = []
            for place in best.tolist():
                note = int(snapshot.ids[place])
                title, text, when, source = connection.execute(
                    "SELECT title, text, dated, source FROM passages WHERE id = ?", (note,)
                ).fetchone()
                found.append(Found(note, title, text, when, source, float(scores[place])))
        if day is not None:
            with self._file.writing() as connection:
                recall(connection, [passage.note for passage in found], day)
        return found

    def search(self, text: str, k: int = 8) -> list[Hit]:
        """What is found while a question is typed: names that hold ``text``, then notes.

        The notes of one word are those that hold its letters, wherever there are any; of more they
        are those of ``ask``, then those that hold the very letters. Nothing is found of a single
        letter. Raises BadInput("k"), BadInput("question") for a text that is too long.
        """
        k = whole(k, "k", 1)
        text = clean(text)
        if len(text.strip()) < LEAST_LETTERS:
            return []
        with self._file.reading() as connection:
            notes = list(notes_with(connection, text, k))
        if len(text.split()) > 1 or not notes:
            asked = [found.note for found in self.ask(text, k)]
            notes = list(dict.fromkeys([*asked, *notes]))[:k]
        with self._file.reading() as connection:
            return [*names_with(connection, text), *as_hits(connection, notes, text)]

    def get(self, note: int) -> Note:
        """One note with its state; raises NotFound."""
        with self._file.reading() as connection:
            return read_note(connection, whole(note, "note", 1, MOST_ID))

    def titles(self) -> dict[int, str]:
        """The title of each note by its id, empty where it has none."""
        with self._file.reading() as connection:
            return dict(connection.execute("SELECT id, title FROM passages ORDER BY id"))

    def ghosts(self) -> frozenset[int]:
        """Ids of the notes that were forgotten."""
        snapshot = self.snapshot()
        return frozenset(snapshot.ids[snapshot.gone].tolist())

    def around(self, centre: int | str, depth: int = 1, most: int = MOST) -> Around:
        """The nodes within ``depth`` steps of a note (its id) or of a name, at most ``most``.

        Raises NotFound, BadInput("depth"), BadInput("most").
        """
        with self._file.reading() as connection:
            return around(self.snapshot(), connection, centre, depth, most)

    def graphml(self) -> bytes:
        """The graph for other programs; reading it here gives back the notes and their facts."""
        with self._file.reading() as connection:
            return write_graphml(self.snapshot(), connection)

    def explain(
        self, passage: Found | int, question: str | None = None, method: str | None = None
    ) -> Why:
        """Which seeds, facts and nodes gave a passage (or note's id) its score in the walk.

        Without ``question`` the one asked last. BM25 and TF-IDF walk nowhere: their answers are
        explained by the walk that "mix" mixes in. Raises BadInput, and NotFound for no such note.
        """
        if question is None and self._asked is None:
            raise BadInput("question", "nothing was asked yet: a question is required")
        last_question, last_method = self._asked or ("", METHOD)
        method = method or last_method
        method = "hipporag" if method in ("bm25", "tfidf") else method
        asked = _question(last_question if question is None else question)
        note = passage.note if isinstance(passage, Found) else passage
        with self._file.reading():
            snapshot = self.snapshot()
            places = np.flatnonzero(snapshot.ids == whole(note, "passage", 1, MOST_ID))
            if not len(places):
                raise NotFound(f"there is no note {note}")
            return why(snapshot, int(places[0]), asked.text, method)

    def forget(
        self,
        at: str | date,
        formula: Formula = "paper",
        least: float = Threshold().least,
    ) -> list[Fate]:
        """Let every dated note fade until the day ``at``: below ``least`` it becomes a ghost.

        Returns what became of the notes that were there and dated up to that day. ``formula`` is
        MemoryBank's as the paper, the authors' code or its correction has it. Raises BadInput.
        """
        with self._file.writing() as connection:
            return forget(connection, _day(at, "at"), formula, least)

    def history(self, note: int) -> list[Change]:
        """What happened to a note: added, recalled, forgotten, by date; raises NotFound."""
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT passage, dated, step, field, before, after, cause, action FROM history "
                "WHERE passage = ? ORDER BY action <> 'add', dated, id",
                (whole(note, "note", 1, MOST_ID),),
            ).fetchall()
        if not rows:
            raise NotFound(f"there is no note {note}")
        return [Change(str(row[0]), *row[1:]) for row in rows]

    def export(self, path: Path | str) -> Path:
        """Every note with its history as JSON lines; what they imply is not written."""
        with self._file.reading() as connection:
            entries = read_entries(connection)
        return write_lines(entries, path)

    def merge(self, other: Memory | Path | str) -> int:
        """Take all notes of another memory, or of its file; returns how many were new here."""
        if isinstance(other, Memory):
            with other._file.reading() as connection:
                entries = read_entries(connection)
            return self.unite(entries)
        with Memory.open(other, create=False) as opened:
            return self.merge(opened)

    def counts(self) -> dict[str, int]:
        """How many notes, ghosts, phrases, facts and synonym pairs (one way) there are."""
        queries = {
            "notes": "passages",
            "ghosts": "passages WHERE gone IS NOT NULL",
            "phrases": "phrases",
            "facts": "facts",
            "synonyms": "synonyms",
        }
        with self._file.reading() as connection:
            return {
                name: int(connection.execute(f"SELECT COUNT(*) FROM {what}").fetchone()[0])
                for name, what in queries.items()
            }

    def unite(self, entries: Sequence[Entry]) -> int:
        """Take notes with their histories; returns how many were new here."""
        with self._file.writing() as connection:
            added = add_entries(connection, entries)
            for (note, new), came in zip(added, entries, strict=True):
                if not new:
                    unite(connection, note, came)
        return sum(new for _, new in added)

    def snapshot(self) -> Snapshot:
        """The memory as it is now, for what reads its graph; kept until something changes."""
        if self._kept is None or self._kept.version != self._file.version():
            self._kept = Snapshot(self._file)
        return self._kept


def entries_in(data: bytes) -> list[Entry]:
    """The notes of a memory's file or export, which is not filled for it; raises BadInput."""
    if data.startswith(HEADER[:6]):
        with Memory.read(data) as memory:
            return memory.entries()
    return read_lines(data)


def entry(
    text: str,
    when: str | date = "",
    title: str = "",
    source: str = "",
    triples: Sequence[Triple] | None = None,
) -> Entry:
    """A note for ``add_all``; raises BadInput."""
    came = None if triples is None else tuple(Triple(*triple) for triple in triples)
    return Entry(text, title, when.isoformat() if isinstance(when, date) else when, source, came)


def _of_document(document: Document) -> Entry:
    triples = [*extract(document.passage), *document.facts] if document.facts else None
    return entry(document.text, document.when or "", document.title, document.source, triples)


def _question(text: Any) -> Question:
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
        raise BadInput("question", f"a question has 1 to {LONGEST:,} characters")
    return Question(text)


def _day(at: Any, field: str) -> int:
    """The ordinal of a date, of a moment or of a text that begins as YYYY-MM-DD."""
    if isinstance(at, datetime):
        return at.date().toordinal()
    if isinstance(at, date):
        return at.toordinal()
    day = day_of(at) if isinstance(at, str) else None
    if day is None:
        raise BadInput(field, f"must be a date as YYYY-MM-DD (got {str(at)[:40]!r})")
    return day
