"""A token cut into pieces: rows of one run without a refresh between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.core.errors import LimitExceeded
from engine.labs.memory_hardware.fast import (
    NEVER,
    Clock,
    Refresh,
    Segments,
    advance,
    token_segments,
)
from engine.labs.memory_hardware.program import Run
from engine.labs.memory_hardware.schedule import Schedule
from engine.labs.memory_hardware.stretch import read_stretch

Before = tuple[str, int]
MOST_REFRESHES = 50_000


@dataclass(frozen=True)
class Piece:
    """Rows of one run without a refresh between them, or one span of link, ASIC or refresh.

    ``before`` is the reason that the first command waits for, and the cycle of its cause.
    """

    run: Run
    number: int
    first_row: int
    rows: int
    start: int
    row_cycles: int
    kind: str
    before: Before


def token_runs(plan: Schedule, token: int) -> tuple[list[Run], list[Run]]:
    """The runs of a layer, and those after the last one (none for a token of the prompt)."""
    layer, after = plan.compiler.token(int(plan.contexts[token]))
    return layer, after if token >= plan.prompt else []


def token_pieces(plan: Schedule, token: int, runs: list[Run]) -> Iterator[Piece]:
    """The pieces of token number ``token``, which begins when the schedule says.

    Raises LimitExceeded for a token with more than 50,000 refreshes.
    """
    t = plan.timing
    begin, seen = int(plan.ends[token]), int(plan.seen[token])
    if int(plan.seen[token + 1]) - seen > MOST_REFRESHES:
        raise LimitExceeded(f"a token with more than {MOST_REFRESHES:,} refreshes is not taken "
                            f"apart; choose a longer timing.refi or a smaller model")  # fmt: skip
    segments = token_segments(plan.compiler, int(plan.contexts[token]), head=token >= plan.prompt)
    clock = Clock(begin, (seen + 1) * plan.refi if plan.refi else NEVER)
    refreshes = advance(segments, clock, t["rfc"], t["refi"])
    before: Before = ("", -1)
    if token:
        layer, after = token_runs(plan, token - 1)
        before = end_of((after or layer)[-1], begin, t)
    return _pieces(runs, segments, refreshes, begin, t, before)


def _pieces(
    runs: list[Run],
    segments: Segments,
    refreshes: list[Refresh],
    begin: int,
    t: Mapping[str, int],
    before: Before,
) -> Iterator[Piece]:
    """The token in order; ``before`` is what its first command waits for."""
    queue = iter([*refreshes, None])
    due = next(queue)
    shift = 0
    for number, run in enumerate(runs):
        start = begin + int(segments.start[number]) + shift
        if not run.in_memory:
            yield Piece(run, number, 0, 1, start, run.columns, run.unit.upper(), before)
            before = run.unit.upper(), start
            continue
        rows, cycles = int(segments.rows[number]), int(segments.row[number])
        done = 0
        while due is not None and due.run == number:
            ready = due.row - done
            if ready:
                yield Piece(run, number, done, ready, start, cycles, "rows", before)
                start += ready * cycles
                before = end_of(run, start, t)
            yield Piece(run, number, due.row, 1, start, t["rfc"], "REF", before)
            before = "tRFC", start
            start += t["rfc"]
            shift += t["rfc"]
            done = due.row
            due = next(queue)
        if rows > done:
            yield Piece(run, number, done, rows - done, start, cycles, "rows", before)
            start += (rows - done) * cycles
        before = end_of(run, start, t)


def end_of(run: Run, now: int, t: Mapping[str, int]) -> Before:
    """What follows a run waits for, when the run ends at ``now``."""
    if not run.in_memory:
        return run.unit.upper(), now - run.columns
    if run.unit == "read":
        one = read_stretch(run.columns, t)
        arrived = one.sets[-1].last
        closed = max(shut for part in one.sets for shut in part.closed)
        bounds = [
            (closed + t["rp"], closed, "tRP"),
            (arrived + t["cl"] + t["bl"], arrived, "data"),
        ]
        _, since, why = max(bounds)
        return why, now - one.cycles + since
    return "tRP", now - t["rp"]
