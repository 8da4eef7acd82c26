"""A memory's season under all three forgetting formulas at once, day by day.

Every (formula, draw) is a state of its own and sees the same entries and the same things asked, so
that what differs between two of them is due to the formula or to chance alone. On each day the
memory is loaded (and forgets), then asked; what is found among the living of earlier days is
recalled. Draws of one number use the same random stream under every formula.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import product

import numpy as np

from engine.core.errors import BadInput
from engine.labs.memory_graph.config.forgetting import ForgettingConfig
from engine.labs.memory_graph.dated import Dated
from engine.labs.memory_graph.living.checks import top
from engine.labs.memory_graph.living.forgetting import (
    FORMULAS,
    MAX_CELLS,
    Chance,
    Fading,
    Mode,
    Piece,
    Threshold,
)
from engine.labs.memory_graph.probes import Probe
from engine.labs.memory_graph.recalls import Queries

LOW, HIGH = 5, 95
NEVER = -1
# Draws of a state cost as much as days and memories do; beyond this a run takes minutes.
MAX_PLAYED = 5 * MAX_CELLS
DAYS_A_STEP = 5


@dataclass(frozen=True, eq=False)
class Lives:
    """What became of every memory.

    ``alive`` int (formula, draw, day). ``retention`` float (formula, frame, memory) is the median
    over draws, 0 where forgotten or not yet written, at the load of the frame's day and before its
    recalls; ``low`` and ``high`` are its 5th and 95th percentiles. ``there`` float, same axes: the
    share of draws in which the memory is there. ``gone`` int (formula, draw, memory): the day on
    which it was forgotten, -1 for never. ``recalls`` (formula, memory, day) -> how many in all.
    ``found`` float (formula, probe, day): the share of draws that find the answer; ``last`` int
    (formula, draw, probe): the last day that does, -1 for none. ``found_whole`` bool (probe, day):
    the same while nothing is forgotten.
    """

    alive: np.ndarray
    retention: np.ndarray
    low: np.ndarray
    high: np.ndarray
    there: np.ndarray
    gone: np.ndarray
    recalls: Counter[tuple[int, int, int]]
    found: np.ndarray
    last: np.ndarray
    found_whole: np.ndarray


def live(
    config: ForgettingConfig,
    memories: Dated,
    queries: Queries,
    probes: Sequence[Probe],
    frames: np.ndarray,
    shown: np.ndarray,
    progress: Callable[..., None] = lambda *_, **__: None,
) -> Lives:
    """Play every day; ``retention`` and ``there`` are kept for the memories ``shown`` alone, on
    the days ``frames``. Raises BadInput("draws") where that many draws would take too long."""
    draws = 1 if config.forget_by == "threshold" else config.draws
    cells = memories.days * len(memories)
    if draws > 1 and draws * cells > MAX_PLAYED:
        most = MAX_PLAYED // cells
        raise BadInput(
            "draws",
            f"must be at most {most} for {len(memories):,} memories and {memories.days:,} days"
            if most >= 5
            else "are too many for a memory of this size and time; forget by threshold instead",
        )
    play = _Play(config, memories, draws, len(probes), frames, shown)
    for day in range(memories.days):
        play.load(day)
        play.probe(day, probes)
        for scores in queries(day):
            play.ask(day, scores)
        if day % DAYS_A_STEP == 0:
            progress(day + 1, memories.days)
    return play.lives()


class _Play:
    """The states and what is written down of them."""

    def __init__(
        self,
        config: ForgettingConfig,
        memories: Dated,
        draws: int,
        probes: int,
        frames: np.ndarray,
        shown: np.ndarray,
    ):
        self.config, self.memories, self.draws, self.shown = config, memories, draws, shown
        first = memories.first
        pieces = [
            Piece(str(i), first + timedelta(days=int(born))) for i, born in enumerate(memories.born)
        ]
        self.states = [
            Fading(pieces, formula, _mode(config, draw))
            for formula, draw in product(FORMULAS, range(draws))
        ]
        self.frame_of = {int(day): i for i, day in enumerate(frames)}
        kinds, days = len(FORMULAS), memories.days
        self.alive = np.zeros((len(self.states), days), dtype=np.int32)
        shape = (kinds, len(frames), len(shown))
        self.retention, self.low, self.high, self.there = (
            np.zeros(shape, dtype=np.float16) for _ in range(4)
        )
        self.recalls: Counter[tuple[int, int, int]] = Counter()
        self.found = np.zeros((kinds, probes, days), dtype=np.float16)
        self.last = np.full((len(self.states), probes), NEVER, dtype=np.int32)
        self.found_whole = np.zeros((probes, days), dtype=bool)

    def load(self, day: int) -> None:
        """Forget what is due, and write down who is left."""
        today = self.memories.first + timedelta(days=day)
        frame = self.frame_of.get(day)
        kept = []
        for state in self.states:
            state.load(today)
            if frame is not None:
                kept.append(state.retention(today)[self.shown])
        self.now = self._written(day) & np.stack([state.alive for state in self.states])
        self.alive[:, day] = self.now.sum(axis=1)
        if frame is not None:
            self._frame(frame, np.stack(kept))

    def probe(self, day: int, probes: Sequence[Probe]) -> None:
        """Ask each probing question, without recalling anything."""
        everything = self._written(day)[None]
        k, evidence = self.config.found_k, self.config.evidence
        for i, probe in enumerate(probes):
            found = probe.found(self.now, k, evidence)
            self.last[found, i] = day
            self.found[:, i, day] = self._by_formula(found).mean(axis=1)
            self.found_whole[i, day] = probe.found(everything, k, evidence)[0]

    def ask(self, day: int, scores: np.ndarray) -> None:
        """Recall the top k of what was written before ``day`` and is still there."""
        today = self.memories.first + timedelta(days=day)
        near = np.flatnonzero((scores > 0) & (self.memories.born < day))
        for i, state in enumerate(self.states):
            living = near[state.alive[near]]
            best = living[top(scores[living], self.config.found_k)]
            state.recall((str(memory) for memory in best), today)
            formula = i // self.draws
            self.recalls.update((formula, int(memory), day) for memory in best)

    def lives(self) -> Lives:
        """Everything that was written down."""
        first = self.memories.first.toordinal()
        gone = np.stack([np.where(s.gone > 0, s.gone - first, NEVER) for s in self.states])
        return Lives(
            self._by_formula(self.alive),
            self.retention,
            self.low,
            self.high,
            self.there,
            self._by_formula(gone.astype(np.int32)),
            self.recalls,
            self.found,
            self._by_formula(self.last),
            self.found_whole,
        )

    def _written(self, day: int) -> np.ndarray:
        return self.memories.born <= day

    def _frame(self, frame: int, kept: np.ndarray) -> None:
        """``kept``: retention (state, shown), NaN where nothing is there."""
        split = self._by_formula(kept)
        self.there[:, frame] = np.isfinite(split).mean(axis=1)
        at = np.nan_to_num(split)
        if self.draws == 1:
            for array in (self.retention, self.low, self.high):
                array[:, frame] = at[:, 0]
            return
        low, middle, high = np.percentile(at, (LOW, 50, HIGH), axis=1)
        self.low[:, frame], self.retention[:, frame], self.high[:, frame] = low, middle, high

    def _by_formula(self, array: np.ndarray) -> np.ndarray:
        """(state, ...) as (formula, draw, ...)."""
        return array.reshape(len(FORMULAS), self.draws, *array.shape[1:])


def _mode(config: ForgettingConfig, draw: int) -> Mode:
    if config.forget_by == "threshold":
        return Threshold(config.least_retention)
    return Chance(config.seed * 1000 + draw, config.every_load)
