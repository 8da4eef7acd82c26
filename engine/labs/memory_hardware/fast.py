"""The fast simulator: whole runs of rows and all tokens at once, exact to the cycle.

Between refreshes every row of a run takes the same time, so a run is two numbers, and as all tokens
have the same slots, a slot is two columns of numbers. A refresh is due every tREFI; it is issued at
the first row boundary at or after that (before an ACT), takes tRFC and moves everything that
follows. So in undisturbed time refresh k comes at the first boundary from
tREFI + k (tREFI - tRFC) on, and how many came before any boundary is a division. Equal to
``reference`` in time and in every count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.geometry import engine_timing
from engine.labs.memory_hardware.program import Compiler, Run
from engine.labs.memory_hardware.rows import row_cycles
from engine.labs.memory_hardware.schedule import Schedule, refresh_count
from engine.labs.memory_hardware.work import Work, work_of

NEVER = 1 << 62


@dataclass(frozen=True, eq=False)
class Totals:
    """What a generation did, in one channel: all do the same, but for a row-major key (or value),
    which one channel takes while the others wait.

    With a prompt it is part of all numbers, and ``prefill`` has those of the prompt alone.
    ``token_end`` and ``token_refreshes`` (prompt and generated tokens,) are cycles and counts at
    the end of each token; ``by_label`` gives cycles without refresh by (label, unit), and ``work``
    what was done in all channels and banks. Cycles of the link that are hidden beneath rows are in
    ``work`` alone.
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
    reads: int = 0
    misses: int = 0
    work: dict[tuple[str, str], Work] = field(default_factory=dict)
    prefill: Totals | None = None

    @property
    def hits(self) -> int:
        """Columns that were not the first of their bank's open row."""
        return self.macs + self.reads + self.writes - self.misses


def generate(
    compiler: Compiler,
    tokens: int,
    *,
    start: int = 0,
    prompt: int = 0,
    refresh: bool | None = None,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Totals:
    """Process ``prompt`` tokens and generate ``tokens`` more, after ``start`` that are there.

    The prompt is processed token by token, as a memory without a matrix-matrix unit must; its
    tokens have no product of the head. No open row serves several tokens: a row's input fills the
    buffer of the presets. ``refresh`` is the compiler's choice where it is not given.
    """
    plan = Schedule(compiler, tokens, start=start, prompt=prompt, refresh=refresh)
    prefill = _totals(plan, prompt) if prompt else None
    progress(prompt, prompt + tokens)
    totals = _totals(plan, prompt + tokens, prefill)
    progress(prompt + tokens, prompt + tokens)
    return totals


def _totals(plan: Schedule, tokens: int, prefill: Totals | None = None) -> Totals:
    """Totals of the first ``tokens`` tokens."""
    work: dict[tuple[str, str], Work] = {}
    for slot, times in plan.slots(tokens):
        key = slot.label, slot.unit
        own = work_of(slot, plan.timing, plan.compiler.channels, times)
        work[key] = work.get(key, Work()) + own
    work = {key: one for key, one in work.items() if one.cycles or key[1] in ("link", "asic")}
    done = sum(work.values(), Work())
    return Totals(
        int(plan.ends[tokens]),
        done.activates,
        done.macs,
        done.writes,
        int(plan.seen[tokens]),
        sum(one.cycles for (_, unit), one in work.items() if unit == "link"),
        sum(one.cycles for (_, unit), one in work.items() if unit == "asic"),
        plan.ends[1 : tokens + 1],
        plan.seen[1 : tokens + 1],
        {key: one.cycles for key, one in work.items()},
        done.reads,
        done.misses,
        work,
        prefill,
    )


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
        t = engine_timing(device)
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


def token_segments(compiler: Compiler, context: int, *, head: bool = True) -> Segments:
    """One token: all layers, then what follows them (not for a token of the prompt)."""
    layer, after = compiler.token(context)
    one = Segments.of(layer, compiler.device)
    last = Segments.of(after if head else [], compiler.device)
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
    # The first boundary at or after what is due, in cycles of the undisturbed token.
    first = clock.due - clock.now
    last = segments.last_boundary
    count = int(refresh_count(int(last[-1]), first, rfc, refi)) if len(last) and rfc else 0
    wanted = first + np.arange(count, dtype=np.int64) * (refi - rfc)
    runs = segments.memory_runs[np.searchsorted(last, wanted, side="left")]
    start, row = segments.start[runs], segments.row[runs]
    numbers = np.maximum(0, -(-(wanted - start) // row))
    cycles = clock.now + start + numbers * row + rfc * np.arange(count, dtype=np.int64)
    clock.now += segments.length + count * rfc
    clock.due += count * refi
    return [
        Refresh(int(run), int(number), int(cycle))
        for run, number, cycle in zip(runs, numbers, cycles, strict=True)
    ]
