"""Where the motion of a row comes from: clips of a bank, or a model that makes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from engine.core.seeds import rng
from engine.labs.motion.features import HEIGHT
from engine.labs.motion.story.bank import K_TEXT, Bank, Meant, kinds
from engine.labs.motion.story.follow import Aim, Stand
from engine.labs.motion.story.match import K_MOTION, match, speed_of, wanted_way

LONGEST_PIECE = 40  # rows of a walk before the next moment is looked for
LEAST_PART = 8
RISING, SITTING = "stands up again", "sits down and stands up again"


@dataclass(frozen=True, eq=False)
class Wanted:
    """What a source is asked for.

    ``last`` (137,) is the row that is gone on from; ``frames`` how many rows are wanted, 0 for as
    many as the source has. ``stand`` and ``aim`` are given where a way is followed. ``seed`` tells
    rows and repetitions apart, ``take`` the tries of one. ``kept`` is the name of what an earlier
    run played here.
    """

    text: str
    seed: int
    frames: int = 0
    last: np.ndarray | None = None
    stand: Stand = field(default_factory=Stand)
    aim: Aim | None = None
    take: int = 0
    kept: str = ""


@dataclass(frozen=True, eq=False)
class Piece:
    """``rows`` (n, 137) that were found; ``name`` finds them again, ``told`` says what they are.

    ``considered`` and ``near`` are the sizes of the two lists that it was chosen from.
    """

    name: str
    rows: np.ndarray
    told: str = ""
    considered: int = 0
    near: int = 0


class Source(Protocol):
    """Gives pieces of motion. ``piece`` returns None where nothing is like the text."""

    name: str
    datasets: tuple[str, ...]

    def piece(self, wanted: Wanted) -> Piece | None:
        """The next rows for what is wanted."""

    def played(self, frames: int) -> None:
        """How many rows of the last piece were played; what comes next goes on from there."""


class BankSource:
    """Clips by text, then by motion, one of the nearest by chance."""

    def __init__(self, bank: Bank, name: str, *, texts: int = K_TEXT, motions: int = K_MOTION):
        self.bank, self.name = bank, name
        self.texts, self.motions = texts, motions
        self.datasets = tuple(sorted({one.dataset for one in bank.examples}))
        self._places = {one.name: at for at, one in enumerate(bank.examples)}
        self._meant: dict[str, Meant] = {}

    def piece(self, wanted: Wanted) -> Piece | None:
        """A clip from its beginning, or from any moment of it where a way is followed."""
        kept = self._kept(wanted.kept)
        if kept is not None:
            return kept
        # Nobody stands up who has not sat down: where both is one clip, its second half is meant.
        text = wanted.text.replace(RISING, SITTING)
        if text not in self._meant:
            # The order of clips of equal nearness belongs to the text, not to a row's try.
            self._meant[text] = self.bank.meant_by(text, 0, self.texts)
        meant = self._meant[text]
        if not meant.clips:
            return None
        clips = [self.bank.examples[at].rows for at in meant.clips]
        way = None
        if wanted.aim is not None:
            way = wanted_way(wanted.aim.way, wanted.aim.at, wanted.stand, speed_of(clips))
        near = match(clips, wanted.last, way, within=way is not None, count=self.motions)
        # Another take is another clip, as long as there are any.
        drawn = int(rng(wanted.seed, "motion").integers(len(near))) + wanted.take
        chosen = near[drawn % len(near)]
        rows, caption = clips[chosen.clip], meant.captions[chosen.clip]
        first, end = chosen.start, len(rows)
        if way is not None:
            end = min(end, first + LONGEST_PIECE)
        else:
            first, end = _part(rows, wanted.text, caption)
        name = self.bank.examples[meant.clips[chosen.clip]].name
        return Piece(f"{name}@{first}-{end}", rows[first:end], caption, len(clips), len(near))

    def played(self, frames: int) -> None:
        """Nothing: the row that is gone on from tells enough."""

    def _kept(self, name: str) -> Piece | None:
        clip, _, part = name.rpartition("@")
        at = self._places.get(clip)
        first, _, end = part.partition("-")
        if at is None or not (first.isdecimal() and end.isdecimal()):
            return None
        rows = self.bank.examples[at].rows[int(first) : int(end)]
        return Piece(name, rows, self.bank.examples[at].captions[0]) if len(rows) > 1 else None


def _part(rows: np.ndarray, text: str, caption: str) -> tuple[int, int]:
    """Which rows of a clip show what the text says: of sitting down and standing up, one half."""
    both, asked = {"sit", "rise"}, kinds(text)
    if both <= kinds(caption) and len(both & asked) == 1:
        lowest = int(rows[:, HEIGHT].argmin())
        if LEAST_PART <= lowest <= len(rows) - LEAST_PART:
            return (0, lowest) if "sit" in asked else (lowest, len(rows))
    return 0, len(rows)
