"""The fast simulator: whole runs of rows at once, exact to the cycle.

Between refreshes every row of a run takes the same time, so a run is two numbers. A refresh is due
every tREFI; it is issued at the first row boundary at or after that (before an ACT), takes tRFC and
moves everything that follows. The boundary is found by binary search in the runs and a division in
the run. Equal to ``reference`` in time and in every count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.program import Compiler, Run
from engine.labs.memory_hardware.rows import row_cycles


@dataclass(frozen=True, eq=False)
class Totals:
    """What a generation did; per channel, since all channels do the same.

    ``token_end`` (tokens,) and ``token_refreshes`` (tokens,) are cycles and counts at the end of
    each token; ``by_label`` gives cycles without refresh by (label, unit).
    """

    cycles: int
    activates: int
    macs: int
    writes: int
    refreshes: int
    link_cycles: int
    asic_cycles: int
    token_end: np.ndarray
    token_refreshes: np.ndarray
    by_label: dict[tuple[str, str], int]

    @property
    def hits(self) -> int:
        """Columns that found their row open."""
        return self.macs + self.writes - self.activates


@dataclass(frozen=True, eq=False)
class Segments:
    """A token's runs as columns (runs,): rows, cycles of a row, whether rows are opened."""

    rows: np.ndarray
    row: np.ndarray
    memory: np.ndarray
    start: np.ndarray
    length: int

    @cached_property
    def memory_runs(self) -> np.ndarray:
        """The runs that open rows."""
        return np.flatnonzero(self.memory)

    @cached_property
    def last_boundary(self) -> np.ndarray:
        """Where the last row of each such run begins."""
        return (self.start + (self.rows - 1) * self.row)[self.memory_runs]

    @classmethod
    def of(cls, runs: Sequence[Run], device: Device) -> Segments:
        """Columns of runs in order."""
        t = device.cycles()
        rows = np.array([run.rows if run.in_memory else 1 for run in runs], np.int64)
        row = np.array(
            [row_cycles(run, t) if run.in_memory else run.columns for run in runs], np.int64
        )
        memory = np.array([run.in_memory for run in runs], bool)
        return cls.joined(rows, row, memory)

    @classmethod
    def joined(cls, rows: np.ndarray, row: np.ndarray, memory: np.ndarray) -> Segments:
        """With the start of each run."""
        ends = np.cumsum(rows * row)
        return cls(rows, row, memory, ends - rows * row, int(ends[-1]) if len(ends) else 0)


@dataclass
class Clock:
    """The cycle at which a token begins, and when the next refresh is due."""

    now: int
    due: int


def token_segments(compiler: Compiler, context: int) -> Segments:
    """One token: all layers, then what follows them."""
    layer, after = compiler.token(context)
    one, last = Segments.of(layer, compiler.device), Segments.of(after, compiler.device)
    layers = compiler.shape.layers
    return Segments.joined(
        np.concatenate([np.tile(one.rows, layers), last.rows]),
        np.concatenate([np.tile(one.row, layers), last.row]),
        np.concatenate([np.tile(one.memory, layers), last.memory]),
    )


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh before row ``row`` of run ``run``; ``cycle`` is when it is issued."""

    run: int
    row: int
    cycle: int


def advance(segments: Segments, clock: Clock, rfc: int, refi: int) -> list[Refresh]:
    """Move the clock over a token; returns the refreshes that came in between."""
    shift = 0
    found: list[Refresh] = []
    memory = segments.memory_runs
    last_boundary = segments.last_boundary
    while True:
        # The first boundary at or after what is due, in cycles of the undisturbed token.
        wanted = clock.due - clock.now - shift
        at = int(np.searchsorted(last_boundary, wanted, side="left"))
        if at == len(memory):
            break
        run = int(memory[at])
        start, row = int(segments.start[run]), int(segments.row[run])
        number = max(0, -(-(wanted - start) // row))
        # A refresh is never issued before an earlier one is over.
        place = start + number * row
        if found and place + shift + clock.now < found[-1].cycle + rfc:
            number, place = (
                found[-1].row,
                int(segments.start[found[-1].run])
                + found[-1].row * int(segments.row[found[-1].run]),
            )
            run = found[-1].run
        found.append(Refresh(run, number, clock.now + place + shift))
        shift += rfc
        clock.due += refi
    clock.now += segments.length + shift
    return found


def generate(
    compiler: Compiler,
    tokens: int,
    *,
    start: int = 0,
    refresh: bool = True,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Totals:
    """Generate ``tokens`` tokens after ``start`` that are there already."""
    t = compiler.device.cycles()
    clock = Clock(0, t["refi"] if refresh and t.get("rfc") else 1 << 62)
    ends = np.zeros(tokens, np.int64)
    seen = np.zeros(tokens, np.int64)
    activates = macs = writes = link = asic = refreshes = 0
    by_label: dict[tuple[str, str], int] = {}
    for i in range(tokens):
        layer, after = compiler.token(start + i + 1)
        for runs, times in ((layer, compiler.shape.layers), (after, 1)):
            for run in runs:
                rows = times * run.rows
                if run.in_memory:
                    activates += rows
                    if run.unit == "mac":
                        macs += rows * run.columns
                    else:
                        writes += rows * run.columns
                    cycles = rows * row_cycles(run, t)
                else:
                    cycles = times * run.columns
                    link += cycles if run.unit == "link" else 0
                    asic += cycles if run.unit == "asic" else 0
                key = run.label, run.unit
                by_label[key] = by_label.get(key, 0) + cycles
        segments = token_segments(compiler, start + i + 1)
        refreshes += len(advance(segments, clock, t["rfc"], t["refi"]))
        ends[i], seen[i] = clock.now, refreshes
        if (i + 1) % 64 == 0 or i + 1 == tokens:
            progress(i + 1, tokens)
    return Totals(clock.now, activates, macs, writes, refreshes, link, asic, ends, seen, by_label)
