"""The commands of one row, or of one stretch of rows, relative to when it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.labs.memory_hardware.slots import Run
from engine.labs.memory_hardware.stretch import WINDOW, Set, opens_ahead, read_stretch

NAMES = ("ACT", "MAC", "WR", "PRE", "REF", "LINK", "ASIC", "RD")
REASONS = ("", "tRCD", "tCCD", "tRTP", "tWR", "tRAS", "tRP", "tRFC", "LINK", "ASIC", "tRRD",
           "tFAW", "order", "data")  # fmt: skip
CODE = {name: i for i, name in enumerate(NAMES)}
WHY = {name: i for i, name in enumerate(REASONS)}


@dataclass(frozen=True, eq=False)
class Template:
    """Columns (commands,), by cycle; ``back`` is how far away the cause is.

    The first command has no cause of its own: it waits for what came before. ``row`` counts the
    rows of a stretch.
    """

    offset: np.ndarray
    name: np.ndarray
    because: np.ndarray
    back: np.ndarray
    bank: np.ndarray
    row: np.ndarray
    rows: int


def template(run: Run, t: Mapping[str, int]) -> Template:
    """The commands of one row (or stretch) of ``run``."""
    return _stretch(run.columns, t) if run.unit == "read" else _row(run, t)


def _row(run: Run, t: Mapping[str, int]) -> Template:
    mac = run.unit == "mac"
    rcd = t["rcd_mac"] if mac else t["rcd_wr"]
    columns = rcd + t["ccd"] * np.arange(run.columns)
    close_after = t["rtp"] if mac else t["cwl"] + t["bl"] + t["wr"]
    by_columns = int(columns[-1]) + close_after
    close = max(by_columns, t["ras"])
    offset = np.concatenate([[0], columns, [close]])
    name = np.full(len(offset), CODE["MAC" if mac else "WR"], np.int8)
    name[0], name[-1] = CODE["ACT"], CODE["PRE"]
    because = np.full(len(offset), WHY["tCCD"], np.int8)
    because[0], because[1] = WHY["tRP"], WHY["tRCD"]
    back = np.full(len(offset), t["ccd"], np.int64)
    back[0], back[1] = t["rp"], rcd
    # Of equal bounds the one with the later cause is told.
    if by_columns >= t["ras"]:
        because[-1], back[-1] = WHY["tRTP" if mac else "tWR"], close_after
    else:
        because[-1], back[-1] = WHY["tRAS"], close
    bank = np.full(len(offset), run.bank, np.int16)
    if not mac and run.banks > 1:
        bank[1:-1] = np.arange(run.columns)
    return Template(offset, name, because, back, bank, np.zeros(len(offset), np.int64), 1)


@dataclass(frozen=True, slots=True)
class _Bound:
    """As in the reference: nothing before ``cycle``; the greatest bound is told."""

    cycle: int
    since: int
    because: str

    def __lt__(self, other: _Bound) -> bool:
        return (self.cycle, self.since, self.because) < (other.cycle, other.since, other.because)


def _stretch(columns: int, t: Mapping[str, int]) -> Template:
    sets = read_stretch(columns, t).sets
    ahead = opens_ahead(t)
    found: list[np.ndarray] = []  # (6, commands): cycle, name, because, back, bank, row
    acts: list[int] = []
    closed: dict[int, int] = {}
    for number, one in enumerate(sets):
        before = sets[number - 1] if number else None
        cycles, why, back = _reads(one, before, t)
        turns = np.arange(one.columns) % len(one.banks)
        rows = number * t["together"] + turns
        name = np.full(one.columns, CODE["RD"])
        found.append(np.stack([cycles, name, why, back, np.array(one.banks)[turns], rows]))
        after = None if before is None else before.first[0] if ahead else before.closed[-1]
        for turn, bank in enumerate(one.banks):
            opened = one.opened[turn]
            begin = _act(acts, closed.get(bank), after, t)
            after = after if ahead or after is None else opened
            acts.append(opened)
            used = int(cycles[turns == turn][-1])
            end = max(
                _Bound(used + t["rtp"], used, "tRTP"), _Bound(opened + t["ras"], opened, "tRAS")
            )
            found.append(_single("ACT", begin, bank, int(rows[turn])))
            found.append(_single("PRE", end, bank, int(rows[turn])))
            closed[bank] = end.cycle
    table = np.concatenate(found, axis=1)
    cycle, name, why, back, where, rows = table[:, np.argsort(table[0], kind="stable")]
    return Template(
        cycle,
        name.astype(np.int8),
        why.astype(np.int8),
        back,
        where.astype(np.int16),
        rows,
        len(acts),
    )


def _single(name: str, bound: _Bound, bank: int, row: int) -> np.ndarray:
    back = bound.cycle - bound.since
    return np.array([[bound.cycle], [CODE[name]], [WHY[bound.because]], [back], [bank], [row]])


def _reads(
    one: Set, before: Set | None, t: Mapping[str, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cycles, reasons and distances to the cause of a set's columns."""
    width = len(one.banks)
    cycles = np.concatenate(
        [one.first[:-1], one.first[-1] + t["column"] * np.arange(one.columns - width + 1)]
    ).astype(np.int64)
    why = np.full(one.columns, WHY["tCCD"], np.int64)
    back = np.full(one.columns, t["column"], np.int64)
    last = before.last if before else None
    for turn in range(width):
        bound = _Bound(one.opened[turn] + t["rcd_rd"], one.opened[turn], "tRCD")
        if last is not None:
            bound = max(bound, _Bound(last + t["column"], last, "tCCD"))
        why[turn], back[turn] = WHY[bound.because], bound.cycle - bound.since
        last = int(cycles[turn])
    return cycles, why, back


def _act(acts: list[int], closed: int | None, order: int | None, t: Mapping[str, int]) -> _Bound:
    """What an ACT of a stretch waits for; the begin of the stretch where nothing else does."""
    bounds = [_Bound(0, -1, "")]
    if order is not None:
        bounds.append(_Bound(order, order, "order"))
    if acts:
        bounds.append(_Bound(acts[-1] + t["rrd"], acts[-1], "tRRD"))
    if len(acts) >= WINDOW:
        bounds.append(_Bound(acts[-WINDOW] + t["faw"], acts[-WINDOW], "tFAW"))
    if closed is not None:
        bounds.append(_Bound(closed + t["rp"], closed, "tRP"))
    return max(bounds)
