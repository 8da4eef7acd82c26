"""Rows become one motion: walks to places, actions, and what fills the time between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.labs.motion.skeleton import FPS
from engine.labs.motion.story import ways
from engine.labs.motion.story.bank import kinds
from engine.labs.motion.story.desk import NEAR, RISE, WALK, Desk, goal
from engine.labs.motion.story.follow import TURN, Stand
from engine.labs.motion.story.lexicon import travels
from engine.labs.motion.story.places import PLAN, SHAPES, Place, find_place
from engine.labs.motion.story.rows import Row
from engine.labs.motion.story.segments import Segment
from engine.labs.motion.story.sources import Source

MOST_SEGMENTS = 400


@dataclass(frozen=True, eq=False)
class Told:
    """A story in motion, before its seams are treated.

    ``parts`` (rows, 137) follow each other; ``stand`` is where the body starts; ``remarks`` say
    what could not be done as it was asked for.
    """

    parts: tuple[np.ndarray, ...]
    segments: tuple[Segment, ...]
    stand: Stand
    remarks: tuple[str, ...]
    rows: int

    @property
    def seams(self) -> tuple[int, ...]:
        """The first row of every part but the first."""
        return tuple(int(end) for end in np.cumsum([len(one) for one in self.parts])[:-1])

    @property
    def seconds(self) -> float:
        """Of the whole motion."""
        return self.rows / FPS


@dataclass
class Teller:
    """Tells rows one after the other; ``go_on`` may be called as often as one likes.

    ``turn`` bounds turns, in degrees a second.
    """

    source: Source
    plan: Sequence[Place] = PLAN
    seed: int = 0
    turn: float = TURN
    stand: Stand = field(default_factory=Stand)
    parts: list[np.ndarray] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    rows: int = 0
    round: int = 0
    _sitting: bool = False
    _said: Counter[str] = field(default_factory=Counter)

    def go_on(self, table: Sequence[Row], most_rows: int) -> bool:
        """Tell the table once more, with another seed than before, up to ``most_rows`` rows.

        Returns whether all of it was told.
        """
        self._said = Counter()
        done = 0
        for number, row in enumerate(table):
            if self.rows >= most_rows or len(self.segments) >= MOST_SEGMENTS:
                break
            self._tell(number, row, most_rows)
            done += 1
        self.round += 1
        if done < len(table) or self.rows >= most_rows:
            self.remark(
                f"The motion is {self.rows / FPS:.0f} s long and ends there: "
                f"{done} of {len(table)} rows were begun in round {self.round}."
            )
            return False
        return True

    def told(self) -> Told:
        """What was told so far."""
        return Told(
            tuple(self.parts), tuple(self.segments), Stand(), tuple(self.remarks), self.rows
        )

    def remark(self, sentence: str) -> None:
        """Say something once."""
        if sentence not in self.remarks:
            self.remarks.append(sentence)

    def _tell(self, number: int, row: Row, most: int) -> None:
        self._said[row.text] += 1
        desk = Desk(self, number, row, most, self._said[row.text])
        place = find_place(row.place, tuple(self.plan)) if row.place not in ("", *SHAPES) else None
        if row.place and place is None and row.place not in SHAPES:
            self.remark(f"There is no place {row.place!r} on the plan: the body stays where it is.")
        asked = kinds(row.action)
        if self._sitting and not asked & {"sit", "rise", "idle"}:
            desk.act("fill", RISE, 0)
        self._sitting = "sit" in asked or (self._sitting and "idle" in asked)
        if travels(row.action):
            desk.travel(place)
            return
        if place is not None and np.hypot(*(goal(self.stand, place) - self.stand.point)) > NEAR:
            desk.go("fill", f"{WALK} {row.manner}".strip(), ways.plan_way(
                self.stand.point, place, self.plan), place.name)  # fmt: skip
        frames = round(row.seconds * FPS / row.times)
        for _ in range(row.times):
            desk.act("act", row.text, frames)
