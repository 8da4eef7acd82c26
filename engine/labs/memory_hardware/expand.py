"""All commands of any window of a generation, each with what it had waited for.

The fast engine knows when each token begins and when its next refresh is due; from there the token
is cut into pieces of equal rows, and only the rows that touch the window become commands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.core.errors import BadInput, LimitExceeded
from engine.labs.memory_hardware.fast import Clock, Refresh, Segments, advance, token_segments
from engine.labs.memory_hardware.program import Compiler, Run

MOST_COMMANDS = 2_000_000
NAMES = ("ACT", "MAC", "WR", "PRE", "REF", "LINK", "ASIC")
REASONS = ("", "tRCD", "tCCD", "tRTP", "tWR", "tRAS", "tRP", "tRFC", "LINK", "ASIC")
CODE = {name: i for i, name in enumerate(NAMES)}
WHY = {name: i for i, name in enumerate(REASONS)}


@dataclass(frozen=True, eq=False)
class Commands:
    """Columns (commands,), by cycle: ``name`` and ``because`` are positions in NAMES and REASONS.

    ``since`` is the cycle of the command that held this one back (-1: nothing did); ``duration`` is
    how long the link or the ASIC works, or the bank is refreshed, else one column's time;
    ``label``, ``layer`` and ``token`` say what it is for; ``row`` counts rows within its run.
    """

    cycle: np.ndarray
    name: np.ndarray
    because: np.ndarray
    since: np.ndarray
    duration: np.ndarray
    label: np.ndarray
    layer: np.ndarray
    token: np.ndarray
    row: np.ndarray
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.cycle)


@dataclass(frozen=True)
class _Piece:
    """Rows of one run without a refresh between them, or one span of link, ASIC or refresh."""

    run: Run
    number: int
    first_row: int
    rows: int
    start: int
    row_cycles: int
    kind: str
    before: tuple[str, int]


def expand(
    compiler: Compiler, tokens: int, first: int, last: int, *, start: int = 0, refresh: bool = True
) -> Commands:
    """The commands issued from cycle ``first`` up to, not including, ``last``.

    ``tokens`` and ``start`` as in ``generate``. Raises BadInput("from") for an empty window and
    LimitExceeded for more than 2,000,000 commands.
    """
    if not 0 <= first < last:
        raise BadInput("from", f"a window begins at 0 or later and ends after it begins "
                       f"(got {first} to {last})")  # fmt: skip
    t = compiler.device.cycles()
    clock = Clock(0, t["refi"] if refresh and t.get("rfc") else 1 << 62)
    parts: list[dict[str, np.ndarray]] = []
    labels: dict[str, int] = {}
    count = 0
    before: tuple[str, int] = ("", -1)
    for i in range(tokens):
        context = start + i + 1
        segments = token_segments(compiler, context)
        begin = clock.now
        refreshes = advance(segments, clock, t["rfc"], t["refi"])
        if begin >= last:
            break
        layer, after = compiler.token(context)
        if clock.now <= first:
            # Only what the next token's first command waits for is needed.
            before = _end_of(after or layer, clock.now, t)
            continue
        runs = layer * compiler.shape.layers + after
        for piece in _pieces(runs, segments, refreshes, begin, t["rfc"], before):
            if piece.start >= last:
                break
            part = _commands(piece, t, first, last)
            if part is None:
                continue
            size = len(part["cycle"])
            count += size
            if count > MOST_COMMANDS:
                raise LimitExceeded(f"a window may hold {MOST_COMMANDS:,} commands; choose a "
                                    f"shorter one")  # fmt: skip
            label = labels.setdefault(piece.run.label, len(labels))
            inside = piece.number < len(layer) * compiler.shape.layers
            part["label"] = np.full(size, label, np.int16)
            part["layer"] = np.full(size, piece.number // len(layer) if inside else -1, np.int16)
            part["token"] = np.full(size, start + i, np.int32)
            parts.append(part)
        before = _end_of(after or layer, clock.now, t)
    return _joined(parts, tuple(labels))


def _pieces(
    runs: list[Run],
    segments: Segments,
    refreshes: list[Refresh],
    begin: int,
    rfc: int,
    before: tuple[str, int],
) -> Iterator[_Piece]:
    """The token in order; ``before`` is what its first command waits for."""
    queue = iter([*refreshes, None])
    due = next(queue)
    shift = 0
    for number, run in enumerate(runs):
        start = begin + int(segments.start[number]) + shift
        if not run.in_memory:
            yield _Piece(run, number, 0, 1, start, run.columns, run.unit.upper(), before)
            before = run.unit.upper(), start
            continue
        rows, cycles = int(segments.rows[number]), int(segments.row[number])
        done = 0
        while due is not None and due.run == number:
            ready = due.row - done
            if ready:
                yield _Piece(run, number, done, ready, start, cycles, "rows", before)
                start += ready * cycles
                before = "tRP", start
            yield _Piece(run, number, due.row, 1, start, rfc, "REF", before)
            before = "tRFC", start
            start += rfc
            shift += rfc
            done = due.row
            due = next(queue)
        if rows > done:
            yield _Piece(run, number, done, rows - done, start, cycles, "rows", before)
            start += (rows - done) * cycles
        before = "tRP", start


def _end_of(runs: list[Run], now: int, t: dict[str, int]) -> tuple[str, int]:
    last = runs[-1]
    return ("tRP", now) if last.in_memory else (last.unit.upper(), now - last.columns)


def _commands(
    piece: _Piece, t: dict[str, int], first: int, last: int
) -> dict[str, np.ndarray] | None:
    because, since = piece.before
    # A row before ends with PRE, tRP earlier than this one may begin.
    since = since - t["rp"] if because == "tRP" else since
    if piece.kind != "rows":
        if not first <= piece.start < last:
            return None
        return _one(piece, because, since)
    low = max(0, (first - piece.start) // piece.row_cycles)
    high = min(piece.rows, -(-(last - piece.start) // piece.row_cycles))
    if high <= low:
        return None
    offsets, names, reasons, back = _row(piece.run, t)
    starts = piece.start + np.arange(low, high, dtype=np.int64) * piece.row_cycles
    cycle = (starts[:, None] + offsets).ravel()
    rows = high - low
    why = np.tile(reasons, rows)
    whence = cycle - np.tile(back, rows)
    width = len(offsets)
    # The first command of a row waits for the row before, or for what came before the piece.
    whence[::width] = starts - t["rp"]
    if low == 0:
        why[0], whence[0] = WHY[because], since
    keep = (cycle >= first) & (cycle < last)
    return {
        "cycle": cycle[keep],
        "name": np.tile(names, rows)[keep],
        "because": why[keep],
        "since": whence[keep],
        "duration": np.full(int(keep.sum()), t["ccd"], np.int64),
        "row": np.repeat(piece.first_row + np.arange(low, high), width)[keep],
    }


def _row(run: Run, t: dict[str, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Offsets, names, reasons and distances to the cause, for the commands of one row."""
    mac = run.unit == "mac"
    rcd = t["rcd_mac"] if mac else t["rcd_wr"]
    columns = rcd + t["ccd"] * np.arange(run.columns)
    close_after = t["rtp"] if mac else t["cwl"] + t["bl"] + t["wr"]
    close = max(int(columns[-1]) + close_after, t["ras"])
    by_columns = int(columns[-1]) + close_after >= t["ras"]
    offsets = np.concatenate([[0], columns, [close]])
    names = np.full(len(offsets), CODE["MAC" if mac else "WR"], np.int8)
    names[0], names[-1] = CODE["ACT"], CODE["PRE"]
    reasons = np.full(len(offsets), WHY["tCCD"], np.int8)
    reasons[0], reasons[1] = WHY["tRP"], WHY["tRCD"]
    reasons[-1] = WHY["tRAS"] if not by_columns else WHY["tRTP" if mac else "tWR"]
    back = np.full(len(offsets), t["ccd"], np.int64)
    back[0], back[1] = t["rp"], rcd
    back[-1] = close_after if by_columns else close
    return offsets, names, reasons, back


def _one(piece: _Piece, because: str, since: int) -> dict[str, np.ndarray]:
    return {
        "cycle": np.array([piece.start], np.int64),
        "name": np.array([CODE[piece.kind]], np.int8),
        "because": np.array([WHY[because]], np.int8),
        "since": np.array([since], np.int64),
        "duration": np.array([piece.row_cycles], np.int64),
        "row": np.array([piece.first_row], np.int64),
    }


def _joined(parts: list[dict[str, np.ndarray]], labels: tuple[str, ...]) -> Commands:
    names = ("cycle", "name", "because", "since", "duration", "label", "layer", "token", "row")
    empty = np.zeros(0, np.int64)
    columns = {
        name: np.concatenate([part[name] for part in parts]) if parts else empty for name in names
    }
    return Commands(**columns, labels=labels)
