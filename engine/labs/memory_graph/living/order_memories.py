"""Memories that hold the same events and know their order in different ways.

All find an event by its words; they differ in what they then know about when it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.labs.memory_graph.living.checks import whole
from engine.labs.memory_graph.living.words import TfIdf

Find = Callable[[str], tuple[int, float]]  # a cue -> the nearest event and its cosine


class EventIndex:
    """The words of events, to find one by a part of it; looks each cue up once."""

    def __init__(self, texts: Sequence[str]):
        self.index = TfIdf(texts)
        self.rows = self.index.vectors(texts)
        self._found: dict[str, tuple[int, float]] = {}

    def find(self, cue: str) -> tuple[int, float]:
        """The event nearest to ``cue`` and the cosine; the first of equal ones."""
        if cue not in self._found:
            cosine = self.rows @ self.index.vectors([cue])[0]
            best = int(cosine.argmax())
            self._found[cue] = best, float(cosine[best])
        return self._found[cue]


@dataclass(frozen=True)
class TimeStamps:
    """Knows when each event was: the one with the earlier stamp came first."""

    find: Find

    def first(self, a: str, b: str) -> int:
        """A tie (both cues found the same event) says 0."""
        return int(self.find(b)[0] < self.find(a)[0])


@dataclass(frozen=True)
class Contiguity:
    """Knows only which event follows which, as EM-LLM's contiguity buffer does.

    From what the first cue found it follows the links up to ``reach`` events both ways; where it
    does not meet the other event it cannot tell and says 0.
    """

    find: Find
    reach: int

    def __post_init__(self) -> None:
        whole(self.reach, "reach", 1)

    def first(self, a: str, b: str) -> int:
        """1 where the second event is met on the way back."""
        here, there = self.find(a)[0], self.find(b)[0]
        return int(here - self.reach <= there < here)


@dataclass(frozen=True)
class SimilarityOnly:
    """Knows no time at all: what comes to mind more strongly is taken to be the earlier."""

    find: Find

    def first(self, a: str, b: str) -> int:
        """Compare the cosines of what was found."""
        return int(self.find(b)[1] > self.find(a)[1])


def cued(text: str, words: int) -> str:
    """The first ``words`` words of a segment: what a memory is shown of it."""
    return " ".join(text.split()[:words])


def shares(said: np.ndarray) -> np.ndarray:
    """Percent of right answers of each pair, 0, 50 or 100, from ``answers`` (pair, 2)."""
    return 50.0 * (said == (0, 1)).sum(axis=1)
