"""How a note becomes rows: its words, its facts, and the phrases that are new with their synonyms.

Everything that depends on all notes together, such as how rare a word is, is counted when it is
read. So a note changes nothing but its own rows and the synonyms of its new phrases, and notes that
came one by one leave the same rows, up to ids, as the same notes at once.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy import sparse

from engine.core.errors import BadInput
from engine.labs.memory_graph.alike import RULES, Alike, phrase_grams, size_of, stored_alike
from engine.labs.memory_graph.corpus import LONGEST, Passage
from engine.labs.memory_graph.extract import extract
from engine.labs.memory_graph.graph import LEAST_LETTERS
from engine.labs.memory_graph.living.notes import Change
from engine.labs.memory_graph.memory_store import note_count
from engine.labs.memory_graph.openie import Triple
from engine.labs.memory_graph.phrases import normalise
from engine.labs.memory_graph.words import words

LONGEST_LINE = 1_000
MOST_TRIPLES = 100_000
# From so many new phrases on, and one in so many stored, all pairs at once cost less than one
# search for each.
MANY, SHARE = 200, 20
KEPT, GONE = "kept", "gone"

MOST_NAMES = 2_000


@dataclass(frozen=True)
class Entry:
    """A note on its way into a memory, with what it went through elsewhere.

    ``triples`` are facts that came with it; None: they are read out of the text. ``recalled`` and
    ``gone`` are ordinals of days.
    """

    text: str
    title: str = ""
    when: str = ""
    source: str = ""
    triples: tuple[Triple, ...] | None = None
    strength: int = 1
    recalled: int | None = None
    gone: int | None = None
    history: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        for name in ("text", "title", "when", "source"):
            value = getattr(self, name)
            most = LONGEST if name == "text" else LONGEST_LINE
            if not isinstance(value, str) or len(value) > most:
                raise BadInput(name, f"must be a text of at most {most:,} characters")
            if "\0" in value or not _is_unicode(value):
                raise BadInput(name, "must be a text without zero bytes and half characters")
        if len(self.triples or ()) > MOST_TRIPLES:
            raise BadInput("triples", f"a note has at most {MOST_TRIPLES:,}")
        if not self.passage.content.strip():
            raise BadInput("text", "a note needs some text")

    @property
    def passage(self) -> Passage:
        """What is read and counted."""
        return Passage(self.title, self.text, self.source, self.when)

    @property
    def facts(self) -> Counter[Triple]:
        """How often each fact was found; those without a subject or an object are none."""
        found = extract(self.passage) if self.triples is None else self.triples
        facts = (Triple(*map(normalise, triple)) for triple in found)
        counted = Counter(fact for fact in facts if fact.subject and fact.object)
        names = {name for fact in counted for name in (fact.subject, fact.object)}
        if len(names) > MOST_NAMES:
            raise BadInput("text", f"a note may hold {MOST_NAMES:,} names (this one has "
                           f"{len(names):,}); split it")  # fmt: skip
        return counted

    @property
    def digest(self) -> str:
        """The same for the same note: a note that is there already is not added again."""
        came = None if self.triples is None else sorted(self.facts.items())
        parts = [self.title, self.text, self.when, self.source, came]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def day_of(when: str) -> int | None:
    """The ordinal of a date that begins as YYYY-MM-DD; None for every other.

    >>> day_of("1970-01-02 at noon"), day_of("last spring")
    (719164, None)
    """
    try:
        return date.fromisoformat(when[:10]).toordinal() if when[4:5] == "-" else None
    except ValueError:
        return None


def add_entries(connection: sqlite3.Connection, entries: Iterable[Entry]) -> list[tuple[int, bool]]:
    """The id of each note, in order, and whether it is new; within a transaction of the caller."""
    writer = _Writer(connection)
    found = [writer.add(entry) for entry in entries]
    writer.join_phrases()
    return found


def add_history(connection: sqlite3.Connection, note: int, changes: Iterable[Change]) -> None:
    """Append to what happened to a note."""
    connection.executemany(
        "INSERT INTO history (passage, dated, step, field, before, after, cause, action) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(note, c.when, c.step, c.field, c.before, c.after, c.cause, c.action) for c in changes],
    )


class _Writer:
    """One transaction's notes; phrases are joined to their synonyms at its end."""

    def __init__(self, connection: sqlite3.Connection):
        self.connection = connection
        self.phrases: dict[str, int] = {}
        self.new: list[tuple[str, int]] = []

    def add(self, entry: Entry) -> tuple[int, bool]:
        """The id of the note, and whether it is new."""
        found = self._one("SELECT id FROM passages WHERE digest = ?", entry.digest)
        if found is not None:
            return found, False
        counts = Counter(words(entry.passage.content))
        length = sum(counts.values())
        note = self._insert(
            "INSERT INTO passages (digest, title, text, dated, source, day, words, extracted, "
            "strength, recalled, gone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            entry.digest,
            entry.title,
            entry.text,
            entry.when,
            entry.source,
            day_of(entry.when),
            length,
            entry.triples is None,
            entry.strength,
            entry.recalled,
            entry.gone,
        )
        self.connection.execute(
            "UPDATE totals SET passages = passages + 1, words = words + ?", (length,)
        )
        self.connection.executemany(
            "INSERT INTO postings VALUES (?, ?, ?)",
            [(term, note, count) for term, count in counts.items()],
        )
        self._mention(note, entry.facts)
        step = note_count(self.connection)
        born = Change(str(note), entry.when, step, "state", "", KEPT, "", "add")
        add_history(self.connection, note, entry.history or [born])
        return note, True

    def _mention(self, note: int, facts: Counter[Triple]) -> None:
        rows = []
        for fact, count in facts.items():
            ends = self._phrase(fact.subject), fact.relation, self._phrase(fact.object)
            place = self._one(
                "SELECT id FROM facts WHERE subject = ? AND relation = ? AND object = ?", *ends
            )
            if place is None:
                place = self._insert(
                    "INSERT INTO facts (subject, relation, object) VALUES (?, ?, ?)", *ends
                )
            rows.append((note, place, count))
        self.connection.executemany("INSERT INTO mentions VALUES (?, ?, ?)", rows)

    def _phrase(self, text: str) -> int:
        found = self.phrases.get(text)
        if found is None:
            found = self._one("SELECT id FROM phrases WHERE text = ?", text)
            if found is None:
                size = size_of(phrase_grams(text))
                found = self._insert("INSERT INTO phrases (text, size) VALUES (?, ?)", text, size)
                self.new.append((text, found))
            self.phrases[text] = found
        return found

    def join_phrases(self) -> None:
        """Find the synonyms of the phrases that are new."""
        total = self._one("SELECT COUNT(*) FROM phrases") or 0
        if len(self.new) > MANY and len(self.new) * SHARE > total:
            self._store_grams(self.new)
            self._join_all()
            return
        frequency: dict[str, int] = {}
        for text, phrase in self.new:
            alike = stored_alike(self.connection, text, frequency)
            for other, name, cosine in alike:
                if _asks(text):
                    self._join(phrase, other, cosine)
                if _asks(name):
                    self._join(other, phrase, cosine)
            self._keep_nearest([phrase, *(other for other, _, _ in alike)])
            self._store_grams([(text, phrase)])

    def _join(self, phrase: int, other: int, cosine: float) -> None:
        self.connection.execute("INSERT INTO synonyms VALUES (?, ?, ?)", (phrase, other, cosine))

    def _keep_nearest(self, phrases: Sequence[int]) -> None:
        """Drop all but the nearest synonyms of each; of equal ones the first by text stay."""
        for phrase in phrases:
            self.connection.execute(
                "DELETE FROM synonyms WHERE phrase = ?1 AND other IN (SELECT other FROM synonyms "
                "JOIN phrases ON id = other WHERE phrase = ?1 ORDER BY cosine DESC, text "
                "LIMIT -1 OFFSET ?2)",
                (phrase, RULES.synonym_limit),
            )

    def _store_grams(self, phrases: Iterable[tuple[str, int]]) -> None:
        rows = [
            (gram, phrase, count)
            for text, phrase in phrases
            for gram, count in phrase_grams(text).items()
        ]
        # In the order of the table, many rows go in several times as fast.
        self.connection.executemany("INSERT INTO grams VALUES (?, ?, ?)", sorted(rows))

    def _join_all(self) -> None:
        rows = self.connection.execute("SELECT id, text FROM phrases ORDER BY text").fetchall()
        ids = np.array([phrase for phrase, _ in rows], np.int64)
        asks = np.array([_asks(text) for _, text in rows])
        pairs = sparse.coo_array(Alike([text for _, text in rows]).pairs())
        i, j = pairs.coords
        kept = asks[i]
        columns = ids[i[kept]].tolist(), ids[j[kept]].tolist(), pairs.data[kept].tolist()
        self.connection.execute("DELETE FROM synonyms")
        self.connection.executemany(
            "INSERT INTO synonyms VALUES (?, ?, ?)", sorted(zip(*columns, strict=True))
        )

    def _one(self, query: str, *values: object) -> int | None:
        row = self.connection.execute(query, values).fetchone()
        return None if row is None else row[0]

    def _insert(self, query: str, *values: object) -> int:
        place = self.connection.execute(query, values).lastrowid
        assert place is not None, "an INSERT has a row"
        return place


def _asks(phrase: str) -> bool:
    return len(phrase.replace(" ", "")) >= LEAST_LETTERS


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
