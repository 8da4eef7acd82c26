"""Notes as A-MEM keeps them, each with a dated record of everything that changed it.

arXiv 2502.12110, section 3.1: m = {c, t, K, G, X, e, L} (content, time, keywords, tags, context,
embedding, links). Vectors live in the memory that searches the notes, not in the note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from engine.core import BadInput, NotFound

_MINUTE = re.compile(r"\d{12}")
CHANGEABLE = ("keywords", "tags", "context", "category", "links")
Value = str | list[str]


@dataclass(frozen=True)
class Change:
    """One field of one note went from ``before`` to ``after``.

    ``cause`` is the id of the note whose arrival did it, ``step`` how many notes there were when it
    arrived, ``action`` the name of the rule ("strengthen", "update_neighbor").
    """

    note: str
    when: str
    step: int
    field: str
    before: Value
    after: Value
    cause: str
    action: str


@dataclass
class Note:
    """One memory. Times are YYYYMMDDHHMM; ``links`` are ids of other notes."""

    content: str
    id: str
    timestamp: str
    last_accessed: str = ""
    keywords: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    context: str = ""
    category: str = "Uncategorized"
    links: list[str] = field(default_factory=list)
    retrieval_count: int = 0
    evolution_history: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not isinstance(self.content, str) or not self.content.strip():
            raise BadInput("content", "a note needs some text")
        if not isinstance(self.id, str) or not self.id:
            raise BadInput("id", "a note needs a name")
        for name in ("keywords", "tags", "links"):
            values = getattr(self, name)
            if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
                raise BadInput(name, "must be a list of texts")
        for name in ("context", "category"):
            if not isinstance(getattr(self, name), str):
                raise BadInput(name, "must be a text")
        check_minute(self.timestamp, "timestamp")
        self.last_accessed = self.last_accessed or self.timestamp
        check_minute(self.last_accessed, "last_accessed")

    def as_record(self) -> dict[str, Any]:
        """A dict that survives JSON."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Note:
        """What ``as_record`` gave; raises BadInput for fields that a note does not have."""
        known = {one.name for one in fields(cls)}
        if unknown := set(record) - known:
            raise BadInput("note", f"has no field {min(unknown)!r}")
        values = dict(record)
        try:
            history = [Change(**change) for change in values.pop("evolution_history", [])]
            return cls(**values, evolution_history=history)
        except TypeError as error:
            raise BadInput("note", f"does not fit: {error}") from None


class NoteStore:
    """Notes in order of arrival, and a ledger of their changes.

    The ledger is always written. Whether a note's own ``evolution_history`` is written too is up to
    the caller of ``change``: the authors' code of A-MEM leaves it empty.
    """

    def __init__(self) -> None:
        self._notes: dict[str, Note] = {}
        self.ledger: list[Change] = []
        self._changes: dict[str, list[Change]] = {}

    @classmethod
    def restored(cls, notes: Iterable[Note], ledger: Iterable[Change]) -> NoteStore:
        """A store as it was saved; raises BadInput for a name twice, NotFound for a lost note."""
        found = cls()
        for note in notes:
            found.add(note)
        for change in ledger:
            found[change.note]
            found.ledger.append(change)
            found._changes.setdefault(change.note, []).append(change)
        return found

    def __len__(self) -> int:
        return len(self._notes)

    def __iter__(self) -> Iterator[Note]:
        return iter(self._notes.values())

    def __contains__(self, name: object) -> bool:
        return name in self._notes

    def __getitem__(self, name: str) -> Note:
        try:
            return self._notes[name]
        except KeyError:
            raise NotFound(f"there is no note {name!r}") from None

    @property
    def ids(self) -> list[str]:
        """Names in order of arrival."""
        return list(self._notes)

    def add(self, note: Note) -> Note:
        """Take a note; raises BadInput for a name that is in use."""
        if note.id in self._notes:
            raise BadInput("id", f"there is a note {note.id!r} already")
        self._notes[note.id] = note
        return note

    def change(
        self,
        name: str,
        where: str,
        after: Value,
        *,
        when: str,
        step: int,
        cause: str,
        action: str,
        write_history: bool = True,
    ) -> Change | None:
        """Set one field and note it; None where nothing changes. Raises BadInput, NotFound."""
        if where not in CHANGEABLE:
            raise BadInput("field", f"must be one of {', '.join(CHANGEABLE)} (got {where!r})")
        check_minute(when, "when")
        note = self[name]
        before = getattr(note, where)
        if type(before) is not type(after):
            raise BadInput(where, f"must be a {type(before).__name__}")
        if before == after:
            return None
        # Lists are copied: the ledger must not change when a note does.
        change = Change(name, when, step, where, deepcopy(before), deepcopy(after), cause, action)
        setattr(note, where, deepcopy(after))
        self.ledger.append(change)
        self._changes.setdefault(name, []).append(change)
        if write_history:
            note.evolution_history.append(change)
        return change

    def touch(self, name: str, when: str) -> None:
        """A note was retrieved."""
        note = self[name]
        note.retrieval_count += 1
        note.last_accessed = max(note.last_accessed, check_minute(when, "when"))

    def history(self, name: str) -> list[Change]:
        """Every change of one note, oldest first, from the ledger; raises NotFound."""
        self[name]
        return list(self._changes.get(name, ()))

    def at(self, step: int) -> list[Note]:
        """Copies of the first ``step`` notes as they were when so many had arrived.

        Undoes the ledger from its end. Counts of retrieval are not in the ledger and stay.
        """
        if not 0 <= step <= len(self):
            raise BadInput("step", f"must lie between 0 and {len(self)} (got {step})")
        then = {name: deepcopy(self._notes[name]) for name in self.ids[:step]}
        for change in reversed(self.ledger):
            if change.step >= step and change.note in then:
                setattr(then[change.note], change.field, deepcopy(change.before))
        for note in then.values():
            note.evolution_history = [c for c in note.evolution_history if c.step < step]
        return list(then.values())


def check_minute(text: str, name: str) -> str:
    """A time as YYYYMMDDHHMM that exists; raises BadInput."""
    if isinstance(text, str) and _MINUTE.fullmatch(text):
        try:
            datetime.strptime(text, "%Y%m%d%H%M")
            return text
        except ValueError:
            pass  # a 13th month, a 31st of June
    raise BadInput(name, f"must be a time as YYYYMMDDHHMM (got {text!r})")
