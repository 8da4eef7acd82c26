"""MemoryBank's forgetting curves (arXiv 2305.10250), as written and as programmed.

Paper, section 2.3: R = exp(-t / S), with t in days since the last recall and the strength S, which
starts at 1 and grows by 1 with each recall. The authors' code says exp(-t / 5*S), which Python
reads as exp(-t S / 5): stronger memories fade faster. exp(-t / (5 S)) is likely what was meant.

A program that forgets draws anew whenever it loads its memory, so daily loads multiply the odds;
one draw per recall keeps to the curve. Both are here, and a threshold without any chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from engine.core import BadInput
from engine.core.seeds import rng
from engine.labs.memory_graph.living.checks import real

Formula = Literal["paper", "code", "corrected"]
FORMULAS: tuple[Formula, ...] = ("paper", "code", "corrected")
DAYS_PER_STRENGTH = 5
MAX_DAYS = 36_525
MAX_CELLS = 20_000_000  # pieces times dates of one timeline


def retention(formula: Formula, days: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """R in 0 .. 1 for ``days`` since the last recall and ``strength``, broadcast together.

    Raises BadInput for an unknown formula, negative days or a strength that is not positive.
    """
    t, s = np.asarray(days, dtype=np.float64), np.asarray(strength, dtype=np.float64)
    if (t < 0).any():
        raise BadInput("days", "must not be negative")
    if (s <= 0).any():
        raise BadInput("strength", "must be positive")
    if formula == "paper":
        return np.exp(-t / s)
    if formula == "code":
        return np.exp(-t * s / DAYS_PER_STRENGTH)
    if formula == "corrected":
        return np.exp(-t / (DAYS_PER_STRENGTH * s))
    raise BadInput("formula", f"must be one of {', '.join(FORMULAS)} (got {formula!r})")


@dataclass(frozen=True)
class Piece:
    """A dated piece of memory; pieces of one ``group`` and day share that day's summary."""

    id: str
    day: date
    group: str = ""


@dataclass(frozen=True)
class Recall:
    """A piece was retrieved on a day."""

    day: date
    id: str


@dataclass(frozen=True)
class Threshold:
    """Deterministic: a piece is gone once its retention lies below ``least``."""

    least: float = 0.3

    def __post_init__(self) -> None:
        real(self.least, "threshold", 0.0, 1.0)


@dataclass(frozen=True)
class Chance:
    """Seeded draws. ``each_load``: a new draw at every load, as in the authors' code, so that a
    piece survives the product of its retentions; otherwise one draw for each piece and recall, so
    that the share of pieces alive follows the curve itself."""

    seed: int = 0
    each_load: bool = True


Mode = Threshold | Chance


class Fading:
    """The state of every piece as days pass: strength, last recall, alive or gone since when.

    Arrays over ``piece``: ``born`` and ``recalled`` (ordinals of days), ``strength``, ``alive``,
    ``gone`` (ordinal of the day, 0 for never). Raises BadInput for a repeated id.
    """

    def __init__(self, pieces: Sequence[Piece], formula: Formula, mode: Mode | None = None):
        retention(formula, np.zeros(1), np.ones(1))  # the formula is checked before any work
        self.pieces, self.formula = tuple(pieces), formula
        self.mode: Mode = Threshold() if mode is None else mode
        self.place = {piece.id: i for i, piece in enumerate(self.pieces)}
        if len(self.place) != len(self.pieces):
            raise BadInput("pieces", "two of them have the same id")
        self.born = np.array([piece.day.toordinal() for piece in self.pieces], dtype=np.int64)
        self.recalled = self.born.copy()
        self.strength = np.ones(len(self.pieces), dtype=np.int64)
        self.alive = np.ones(len(self.pieces), dtype=bool)
        self.gone = np.zeros(len(self.pieces), dtype=np.int64)
        self.day = int(self.born.min()) if len(self.pieces) else 0
        keys = [f"{piece.group}\x1f{piece.day.isoformat()}" for piece in self.pieces]
        self.days, self._day_of = np.unique(keys, return_inverse=True)
        self._patience = np.zeros(len(self.pieces))
        self._draw(np.arange(len(self.pieces)))

    def retention(self, day: date) -> np.ndarray:
        """R of every piece on ``day``, (piece,); NaN before it was born and after it was gone."""
        now = day.toordinal()
        there = self.alive & (self.born <= now)
        found = np.full(len(self.pieces), np.nan)
        days = now - self.recalled[there]
        found[there] = retention(self.formula, days, self.strength[there])
        return found

    def load(self, day: date) -> list[str]:
        """Forget what is due on ``day`` and return its ids; raises BadInput for a day gone by."""
        now = day.toordinal()
        if now < self.day:
            raise BadInput("day", f"{day} lies before {date.fromordinal(self.day)}, already loaded")
        self.day = now
        kept = self.retention(day)
        with np.errstate(invalid="ignore"):  # NaN is neither kept nor forgotten
            if isinstance(self.mode, Threshold):
                due = kept < self.mode.least
            elif self.mode.each_load:
                draw = rng(self.mode.seed, "load", now).random(len(self.pieces))
                due = kept < draw
            else:
                due = kept < self._patience
        self.alive[due] = False
        self.gone[due] = now
        return [self.pieces[i].id for i in np.flatnonzero(due)]

    def recall(self, ids: Iterable[str], day: date) -> list[str]:
        """S += 1 and t = 0 for the pieces that are still there; returns those."""
        now = day.toordinal()
        found = []
        for name in ids:
            if name not in self.place:
                raise BadInput("recall", f"there is no piece {name!r}")
            i = self.place[name]
            if self.alive[i] and self.born[i] <= now:
                self.strength[i] += 1
                self.recalled[i] = max(self.recalled[i], now)
                self._draw(np.array([i]))
                found.append(name)
        return found

    def summaries(self, day: date) -> np.ndarray:
        """bool (days,): which days that have begun still have their summary.

        The authors' code drops a day's summary with its last piece and lets it fade in no other
        way. Names of the days are ``self.days``: group, unit separator, ISO date.
        """
        there = self.alive & (self.born <= day.toordinal())
        return np.bincount(self._day_of, weights=there, minlength=len(self.days)) > 0

    def _draw(self, places: np.ndarray) -> None:
        """One uniform number a piece and recall, which depends on nothing else."""
        if isinstance(self.mode, Chance) and not self.mode.each_load:
            for i in places:
                stream = rng(self.mode.seed, "piece", self.pieces[i].id, int(self.strength[i]))
                self._patience[i] = stream.random()


@dataclass(frozen=True, eq=False)
class Timeline:
    """What became of every piece, day by day.

    ``retention`` float (piece, day), at the load of that day and before its recalls, NaN where the
    piece was not there; the day on which a piece goes still shows the retention that it fell to.
    ``strength`` int (piece, day) after the recalls; ``alive`` bool (piece, day) after the load;
    ``summaries`` bool (group and day, day).
    """

    days: tuple[date, ...]
    pieces: tuple[Piece, ...]
    retention: np.ndarray
    strength: np.ndarray
    alive: np.ndarray
    summaries: np.ndarray
    summary_names: tuple[tuple[str, str], ...]

    def gone(self, day: date) -> list[str]:
        """Ids of the pieces that were born by ``day`` and are no longer there."""
        if not self.days[0] <= day <= self.days[-1]:
            raise BadInput("day", f"must lie between {self.days[0]} and {self.days[-1]}")
        column = (day - self.days[0]).days
        return [
            piece.id
            for i, piece in enumerate(self.pieces)
            if piece.day <= day and not self.alive[i, column]
        ]

    def summary_lost(self) -> dict[tuple[str, str], date]:
        """(group, ISO date) -> the day on which that day's summary went with its last piece."""
        found = {}
        for name, row in zip(self.summary_names, self.summaries, strict=True):
            lost = np.flatnonzero(row[:-1] & ~row[1:])
            if len(lost):
                found[name] = self.days[lost[0] + 1]
        return found  # nothing comes back, so the first loss is the only one


def timeline(
    pieces: Sequence[Piece],
    recalls: Iterable[Recall] = (),
    until: date | None = None,
    formula: Formula = "paper",
    mode: Mode | None = None,
) -> Timeline:
    """Load the memory every day from the first piece to ``until``, then apply the day's recalls.

    Raises BadInput for no pieces, more than a century, or more than 20 million cells.
    """
    if not pieces:
        raise BadInput("pieces", "at least one is required")
    recalls = list(recalls)
    first = min(piece.day for piece in pieces)
    last = max([piece.day for piece in pieces] + [recall.day for recall in recalls])
    last = last + timedelta(days=1) if until is None else until
    count = (last - first).days + 1
    if not 1 <= count <= MAX_DAYS or count * len(pieces) > MAX_CELLS:
        raise BadInput("until", f"{last} asks for {count} days of {len(pieces)} pieces")
    state = Fading(pieces, formula, mode)
    by_day: dict[date, list[str]] = {}
    for recall in recalls:
        by_day.setdefault(recall.day, []).append(recall.id)
    shape = (len(pieces), count)
    kept, alive = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    strength = np.ones(shape, dtype=np.int64)
    summaries = np.zeros((len(state.days), count), dtype=bool)
    days = tuple(first + timedelta(days=i) for i in range(count))
    for i, day in enumerate(days):
        kept[:, i] = state.retention(day)
        state.load(day)
        alive[:, i] = state.alive & (state.born <= day.toordinal())
        summaries[:, i] = state.summaries(day)
        state.recall(by_day.get(day, ()), day)
        strength[:, i] = state.strength
    names = tuple((str(key).split("\x1f")[0], str(key).split("\x1f")[1]) for key in state.days)
    return Timeline(days, state.pieces, kept, strength, alive, summaries, names)
