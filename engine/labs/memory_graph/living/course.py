"""An A-MEM memory grown note by note, and what was seen on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.labs.memory_graph.living.amem import AMem
from engine.labs.memory_graph.living.analyst import Analysis, Analyst, Evolution, Neighbour
from engine.labs.memory_graph.living.notes import Change, Note


@dataclass(frozen=True)
class Decision:
    """What an analyst was shown when a note came, nearest first, and what it answered."""

    near: tuple[tuple[str, float], ...]
    answer: Evolution


class Watcher:
    """Passes questions on to another analyst and keeps each decision under its note's id."""

    def __init__(self, inner: Analyst):
        self.inner, self.name = inner, inner.name
        self.decisions: dict[str, Decision] = {}

    def analyse(self, content: str) -> Analysis:
        """Ask."""
        return self.inner.analyse(content)

    def evolve(self, note: Note, neighbours: Sequence[Neighbour]) -> Evolution:
        """Ask and keep."""
        answer = self.inner.evolve(note, neighbours)
        near = tuple((one.note.id, one.cosine) for one in neighbours)
        self.decisions[note.id] = Decision(near, answer)
        return answer


@dataclass
class Course:
    """A grown ``memory``, its ``decisions`` by note, and what ``measure`` gave at each number."""

    memory: AMem
    decisions: dict[str, Decision]
    measured: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def edits(self) -> list[Change]:
        """Changes that the arrival of another note made."""
        return [change for change in self.memory.store.ledger if change.note != change.cause]

    @property
    def misplaced(self) -> list[Change]:
        """Edits of notes that were not among the neighbours on which the decision was made."""
        shown = {name: {one for one, _ in d.near} for name, d in self.decisions.items()}
        return [edit for edit in self.edits if edit.note not in shown.get(edit.cause, ())]

    @property
    def remembered(self) -> int:
        """Changes that the notes themselves know of."""
        return sum(len(note.evolution_history) for note in self.memory.store)


def grow(
    build: Callable[[Analyst], AMem],
    analyst: Analyst,
    notes: Iterable[tuple[str, str, str]],
    measure: Callable[[AMem], np.ndarray],
    at: Iterable[int] = (),
) -> Course:
    """Add ``notes`` (text, time, id) one by one; ``measure`` the memory at the given numbers."""
    watcher = Watcher(analyst)
    memory = build(watcher)
    course = Course(memory, watcher.decisions)
    wanted = set(at)
    for text, when, name in notes:
        memory.add(text, when, name)
        if len(memory) in wanted:
            course.measured[len(memory)] = measure(memory)
    return course
