"""All commands of any window of a generation, each with what it had waited for.

The schedule knows when each token begins and how many refreshes came before; from there the token
is cut into pieces of equal rows, and only the rows that touch the window become commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.core.errors import BadInput, LimitExceeded
from engine.labs.memory_hardware.pieces import Piece, end_of, token_pieces, token_runs
from engine.labs.memory_hardware.program import Compiler, Run
from engine.labs.memory_hardware.schedule import Schedule
from engine.labs.memory_hardware.slots import ALL
from engine.labs.memory_hardware.templates import CODE, NAMES, REASONS, WHY, Template, template

__all__ = ["CODE", "MOST_COMMANDS", "NAMES", "REASONS", "WHY", "Commands", "expand"]

MOST_COMMANDS = 2_000_000


@dataclass(frozen=True, eq=False)
class Commands:
    """Columns (commands,), by cycle: ``name`` and ``because`` are positions in NAMES and REASONS.

    ``since`` is the cycle of the command that held this one back (-1: nothing did); ``duration`` is
    how long the link or the ASIC works, or the bank is refreshed, else one column's time (a link
    that works beneath rows lasts longer than the next command waits for it);
    ``label``, ``layer`` and ``token`` say what it is for; ``row`` counts rows within its run.
    ``channel`` and ``bank`` are -1 for a command of all of them.
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
    channel: np.ndarray
    bank: np.ndarray
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.cycle)


def expand(
    compiler: Compiler,
    tokens: int,
    first: int,
    last: int,
    *,
    start: int = 0,
    prompt: int = 0,
    refresh: bool | None = None,
) -> Commands:
    """The commands issued from cycle ``first`` up to, not including, ``last``.

    The other arguments as in ``generate``. Raises BadInput("from") for an empty window and
    LimitExceeded for more than 2,000,000 commands.
    """
    if not 0 <= first < last:
        raise BadInput("from", f"a window begins at 0 or later and ends after it begins "
                       f"(got {first} to {last})")  # fmt: skip
    plan = Schedule(compiler, tokens, start=start, prompt=prompt, refresh=refresh)
    t = compiler.timing
    parts: list[dict[str, np.ndarray]] = []
    labels: dict[str, int] = {}
    count = 0
    token = max(0, int(np.searchsorted(plan.ends, first, side="right")) - 1)
    while token < len(plan.contexts) and plan.ends[token] < last:
        layer, after = token_runs(plan, token)
        runs = layer * compiler.shape.layers + after
        for piece in token_pieces(plan, token, runs):
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
            part["token"] = np.full(size, start + token, np.int32)
            part["channel"] = np.full(size, piece.run.channel, np.int16)
            parts.append(part)
        token += 1
    return _joined(parts, tuple(labels))


def _commands(
    piece: Piece, t: Mapping[str, int], first: int, last: int
) -> dict[str, np.ndarray] | None:
    because, since = piece.before
    if piece.kind != "rows":
        if not first <= piece.start < last:
            return None
        return _one(piece, because, since)
    low = max(0, (first - piece.start) // piece.row_cycles)
    high = min(piece.rows, -(-(last - piece.start) // piece.row_cycles))
    if high <= low:
        return None
    one = template(piece.run, t)
    starts = piece.start + np.arange(low, high, dtype=np.int64) * piece.row_cycles
    rows = high - low
    cycle = (starts[:, None] + one.offset).ravel()
    why = np.tile(one.because, rows)
    whence = cycle - np.tile(one.back, rows)
    width = len(one.offset)
    # The first command of a row waits for the row before, or for what came before the piece.
    reason, distance = end_of(piece.run, 0, t)
    why[::width], whence[::width] = WHY[reason], starts + distance
    if low == 0:
        why[0], whence[0] = WHY[because], since
    keep = (cycle >= first) & (cycle < last)
    return {
        "cycle": cycle[keep],
        "name": np.tile(one.name, rows)[keep],
        "because": why[keep],
        "since": whence[keep],
        "duration": np.full(int(keep.sum()), _column(piece.run, t), np.int64),
        "row": _rows(piece, one, low, high)[keep],
        "bank": np.tile(one.bank, rows)[keep],
    }


def _column(run: Run, t: Mapping[str, int]) -> int:
    return t["column"] if run.unit == "read" else t["ccd"]


def _rows(piece: Piece, one: Template, low: int, high: int) -> np.ndarray:
    first = (piece.first_row + np.arange(low, high, dtype=np.int64)) * one.rows
    return (first[:, None] + one.row).ravel()


def _one(piece: Piece, because: str, since: int) -> dict[str, np.ndarray]:
    return {
        "cycle": np.array([piece.start], np.int64),
        "name": np.array([CODE[piece.kind]], np.int8),
        "because": np.array([WHY[because]], np.int8),
        "since": np.array([since], np.int64),
        "duration": np.array([piece.row_cycles + piece.run.hidden], np.int64),
        "row": np.array([piece.first_row], np.int64),
        "bank": np.array([ALL], np.int16),
    }


def _joined(parts: list[dict[str, np.ndarray]], labels: tuple[str, ...]) -> Commands:
    """In order; a stretch's commands overlap only with each other."""
    names = ("cycle", "name", "because", "since", "duration", "label", "layer", "token", "row",
             "channel", "bank")  # fmt: skip
    empty = np.zeros(0, np.int64)
    columns = {
        name: np.concatenate([part[name] for part in parts]) if parts else empty for name in names
    }
    return Commands(**columns, labels=labels)
