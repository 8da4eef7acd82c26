"""What a told story is made of: segments, the parts that they were played with, and the ways."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.labs.motion.story.follow import Followed

Kind = Literal["act", "way", "fill", "hold"]


@dataclass(frozen=True, eq=False)
class Segment:
    """Rows ``start`` to ``end`` - 1 of the motion: what a row of the table asked for.

    ``kind`` is "act" for an action, "way" for a walk that the row asked for, "fill" for what was
    put between, "hold" for a pose that is held because nothing in the source is like the text.
    ``row`` is the row of the table and ``turn`` the round of the story; ``names`` find the played
    pieces again and ``told`` says what they are; ``followed`` and ``way`` belong to walks.
    """

    row: int
    turn: int
    kind: Kind
    text: str
    place: str
    start: int
    end: int
    names: tuple[str, ...] = ()
    told: str = ""
    considered: int = 0
    near: int = 0
    way: np.ndarray | None = None
    followed: Followed | None = None


@dataclass
class Kept:
    """What an earlier run played for a row, by the kind of segment, to be played again."""

    pieces: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))

    @staticmethod
    def read(text: str) -> Kept:
        """``Segment`` names as ``write_kept`` joined them."""
        kept = Kept()
        for part in text.split("|"):
            kind, _, name = part.partition(":")
            if name:
                kept.pieces[kind].append(name)
        return kept

    def next(self, kind: str) -> str:
        """The next name for a kind of segment, "" where there is none."""
        waiting = self.pieces.get(kind)
        return waiting.popleft() if waiting else ""


def write_kept(segments: list[Segment]) -> str:
    """The names of what was played for one row, to be given back as ``Row.kept``."""
    return "|".join(f"{one.kind}:{name}" for one in segments for name in one.names)
