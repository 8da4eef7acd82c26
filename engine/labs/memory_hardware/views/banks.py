"""Commands of a window as spans on banks, link and ASIC, each with what it had waited for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.timeline import Lane, Timeline
from engine.core.units import percent
from engine.labs.memory_hardware.expand import NAMES, REASONS, WHY, Commands
from engine.labs.memory_hardware.program import Compiler

MOST_SPANS = 200_000
MEMORY = ("ACT", "MAC", "RD", "WR", "PRE", "REF")
WORDS = {
    "ACT": "activate",
    "MAC": "multiply-accumulate",
    "RD": "read",
    "WR": "write",
    "PRE": "precharge",
    "REF": "refresh",
    "LINK": "link",
    "ASIC": "ASIC",
}
CHANNEL, BESIDE = "Channel", "Beside the memory"


@dataclass(frozen=True, eq=False)
class Window:
    """A timeline, and what it could not show.

    ``lockstep``: one lane stands for all banks, which do the same; ``left_out`` commands at the end
    of the window had no room.
    """

    timeline: Timeline
    lockstep: bool
    left_out: int


def bank_window(commands: Commands, compiler: Compiler, *, each_bank: bool = True) -> Window:
    """Spans of every bank where they fit into 200,000, else of one lane for all of them."""
    banks = compiler.banks
    in_memory = np.isin(commands.name, [NAMES.index(name) for name in MEMORY if name in NAMES])
    total = int(in_memory.sum()) * banks + int((~in_memory).sum())
    lockstep = not each_bank or total > MOST_SPANS
    copies = np.where(in_memory & (not lockstep), banks, 1)
    ends = np.cumsum(copies)
    kept = int(np.searchsorted(ends, MOST_SPANS, side="right"))
    lanes = _lanes(banks, lockstep=lockstep)
    return Window(
        _timeline(commands, compiler, lanes, copies[:kept], lockstep=lockstep),
        lockstep,
        len(commands) - kept,
    )


def _lanes(banks: int, *, lockstep: bool) -> tuple[Lane, ...]:
    names = [f"Banks 0 to {banks - 1}"] if lockstep else [f"Bank {i}" for i in range(banks)]
    return (
        *(Lane(name, CHANNEL) for name in names),
        Lane("Link", BESIDE),
        Lane("ASIC", BESIDE),
    )


def _timeline(
    commands: Commands,
    compiler: Compiler,
    lanes: tuple[Lane, ...],
    copies: np.ndarray,
    *,
    lockstep: bool,
) -> Timeline:
    """``copies`` (kept commands,): on how many bank lanes each command stands."""
    t, tck = compiler.device.cycles(), compiler.device["timing.tck_ns"]
    kept = len(copies)
    at = np.repeat(np.arange(kept), copies)
    first = np.cumsum(copies) - copies
    bank = np.arange(len(at)) - first[at]
    name = commands.name[:kept].astype(int)[at]
    memory = np.isin(name, [NAMES.index(one) for one in MEMORY if one in NAMES])
    banks = len(lanes) - 2
    lane = np.where(memory, bank, np.where(name == NAMES.index("LINK"), banks, banks + 1))
    start = commands.cycle[at] * tck
    length = _lengths(commands, t)[:kept][at] * tck
    since = commands.since[:kept][at] * tck
    why = commands.because[:kept].astype(int)[at]
    waited = np.where((since >= 0) & (why > 0), start - since, 0.0)
    # Of the same lane where the cause was a command of a bank, else the first of its lanes.
    owner = np.searchsorted(commands.cycle[:kept], commands.since[:kept], side="left")
    found = (owner < kept) & (commands.since[:kept] >= 0)
    owner = np.minimum(owner, max(kept - 1, 0))
    found &= commands.cycle[owner] == commands.since[:kept] if kept else found
    shift = np.where(copies[owner][at] > 1, bank, 0) if kept else bank
    cause = np.where(found[at], first[owner][at] + shift, -1)
    return Timeline(
        lanes=lanes,
        kinds=tuple(NAMES),
        unit="ns",
        lane=lane,
        kind=name,
        start=start.astype(float),
        end=(start + length).astype(float),
        cause=cause,
        details={
            "part": np.array(commands.labels or ("",))[commands.label[:kept].astype(int)[at]],
            "layer": np.where(commands.layer[:kept][at] < 0, "after the last",
                              (commands.layer[:kept][at] + 1).astype(str)),
            "token": commands.token[:kept][at] + 1,
            "row of the run": commands.row[:kept][at] + 1,
            "waited for": np.array(REASONS)[why],
            "waited ns": waited,
        },
    )  # fmt: skip


def _lengths(commands: Commands, t: dict[str, int]) -> np.ndarray:
    """Cycles that each rectangle covers: an ACT until its row is open, a PRE until it is closed."""
    lengths = commands.duration.astype(np.int64).copy()
    following = np.append(commands.name[1:], -1)
    opened = commands.name == NAMES.index("ACT")
    writes = opened & (following == NAMES.index("WR"))
    lengths[opened] = t.get("rcd_mac", t.get("rcd_rd", 1))
    lengths[writes] = t["rcd_wr"]
    lengths[commands.name == NAMES.index("PRE")] = t["rp"]
    return lengths


def waits(commands: Commands, tck_ns: float) -> dict[str, float]:
    """Nanoseconds for which commands were held back, by reason, the longest first.

    Every gap between two commands that follow each other counts for the reason of the second.
    """
    gaps = np.diff(commands.cycle, append=commands.cycle[-1:]) if len(commands) else np.zeros(0)
    reasons = np.append(commands.because[1:], 0) if len(commands) else np.zeros(0, int)
    found = {
        reason: float(gaps[reasons == WHY[reason]].sum() * tck_ns) for reason in REASONS if reason
    }
    return {name: found[name] for name in sorted(found, key=found.__getitem__, reverse=True)
            if found[name] > 0}  # fmt: skip


def describe_window(commands: Commands, tck_ns: float) -> str:
    """The finding: how many commands, and what they waited for."""
    if not len(commands):
        return "No command is issued in this window."
    whole = waits(commands, tck_ns)
    total = sum(whole.values()) or 1.0
    words = ", ".join(f"{name} {percent(ns / total)}" for name, ns in list(whole.items())[:4])
    counts = np.bincount(commands.name.astype(int), minlength=len(NAMES))
    each = ", ".join(f"{counts[i]:,} {NAMES[i]}" for i in np.argsort(-counts)[:4] if counts[i])
    return f"{len(commands):,} commands of a channel ({each}). Time between commands: {words}."
