"""Commands of a window as spans on banks, link and ASIC, each with what it had waited for."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from engine.core.timeline import Lane, Timeline
from engine.core.units import percent
from engine.labs.memory_hardware.expand import NAMES, REASONS, Commands
from engine.labs.memory_hardware.program import Compiler

MOST_SPANS = 150_000
BESIDE = "Beside the memory"
END, BEGIN = "after the run", "nothing before"
LINK, ASIC = NAMES.index("LINK"), NAMES.index("ASIC")
WORDS = {
    "ACT": "activate: opens a row",
    "MAC": "multiply-accumulate: a column by the buffer",
    "RD": "a column read",
    "WR": "a column written",
    "PRE": "precharge: closes the row",
    "REF": "refresh of all banks",
    "LINK": "vectors in, results out",
    "ASIC": "softmax, norms, sums",
}


@dataclass(frozen=True, eq=False)
class Window:
    """A timeline, and what it could not show.

    ``lockstep``: one lane stands for all banks, which do the same; ``left_out`` commands at the end
    of the window had no room.
    """

    timeline: Timeline
    lockstep: bool
    left_out: int


def bank_window(
    commands: Commands, compiler: Compiler, *, each_bank: bool = True, most: int = MOST_SPANS
) -> Window:
    """At most ``most`` spans: of every bank of a channel where they fit, else of one lane for all.

    Where a command goes to one bank only, it stands on that bank's lane (or on the one lane).
    """
    banks = compiler.banks
    aside = np.isin(commands.name, [LINK, ASIC])
    of_all = (commands.bank < 0) & ~aside
    lockstep = not each_bank or int(np.where(of_all, banks, 1).sum()) > most
    copies = np.where(of_all & (not lockstep), banks, 1)
    kept = int(np.searchsorted(np.cumsum(copies), most, side="right"))
    window = _timeline(commands, compiler, copies[:kept], lockstep=lockstep)
    return Window(window, lockstep, len(commands) - kept)


def _timeline(
    commands: Commands, compiler: Compiler, copies: np.ndarray, *, lockstep: bool
) -> Timeline:
    """``copies`` (kept commands,): on how many bank lanes each command stands."""
    tck, banks = compiler.device["timing.tck_ns"], 1 if lockstep else compiler.banks
    kept = len(copies)
    at = np.repeat(np.arange(kept), copies)
    first = np.cumsum(copies) - copies
    name = commands.name.astype(int)[at]
    own = np.zeros(len(at), int) if lockstep else commands.bank.astype(int)[at]
    lane = np.where(copies[at] > 1, np.arange(len(at)) - first[at], np.maximum(own, 0))
    lane = np.where(name == LINK, banks, np.where(name == ASIC, banks + 1, lane))
    start = commands.cycle[at] * tck
    since, why = commands.since[at] * tck, commands.because.astype(int)[at]
    layer = commands.layer[at]
    return Timeline(
        lanes=_lanes(compiler, lockstep=lockstep),
        kinds=NAMES,
        unit="ns",
        lane=lane,
        kind=name,
        start=start.astype(float),
        end=(start + _lengths(commands, compiler)[at] * tck).astype(float),
        cause=_causes(commands, copies, at, lane, lockstep=lockstep),
        details={
            "part": np.array(commands.labels or ("",))[commands.label.astype(int)[at]],
            "layer": np.where(layer < 0, "after the last", (layer + 1).astype(str)),
            "token": commands.token[at] + 1,
            "row of the run": commands.row[at] + 1,
            "channel": np.where(
                commands.channel[at] < 0,
                "all alike",
                np.char.add(commands.channel[at].astype(str), " only"),
            ),
            "waited for": np.array(REASONS)[why],
            "waited ns": np.where((since >= 0) & (why > 0), start - since, 0.0),
        },
    )


def _lanes(compiler: Compiler, *, lockstep: bool) -> tuple[Lane, ...]:
    banks, channels = compiler.banks, compiler.channels
    group = "The channel" if channels == 1 else f"Each of {channels} channels"
    names = [f"Banks 0 to {banks - 1}"] if lockstep else [f"Bank {i}" for i in range(banks)]
    return (*(Lane(name, group) for name in names), Lane("Link", BESIDE), Lane("ASIC", BESIDE))


def _causes(
    commands: Commands, copies: np.ndarray, at: np.ndarray, lane: np.ndarray, *, lockstep: bool
) -> np.ndarray:
    """Positions of the spans that each span waited for, on its own lane where that is one of all.

    A cause is the command at the cycle ``since``; of several at once (of different banks) it is one
    of the same bank, else the first.
    """
    kept = len(copies)
    if not kept:
        return np.zeros(0, int)
    first = np.cumsum(copies) - copies
    cycle, since, bank = commands.cycle[:kept], commands.since[:kept], commands.bank[:kept]
    owner = np.minimum(np.searchsorted(cycle, since, side="left"), kept - 1)
    found = (since >= 0) & (cycle[owner] == since)
    # Commands at one cycle stand side by side: step on to the one of the same bank.
    for _ in range(int(np.unique(cycle, return_counts=True)[1].max()) - 1):
        following = np.minimum(owner + 1, kept - 1)
        step = (bank[owner] != bank) & (cycle[following] == since) & (bank[following] == bank)
        owner = np.where(found & step, following, owner)
    many = copies[owner][at]
    shift = np.where((many > 1) & (not lockstep), np.minimum(lane, many - 1), 0)
    return np.where(found[at], first[owner][at] + shift, -1)


def _lengths(commands: Commands, compiler: Compiler) -> np.ndarray:
    """Cycles that each rectangle covers: an ACT until its row is open, a PRE until it is closed."""
    t = compiler.timing
    lengths = commands.duration.astype(np.int64).copy()
    opened = commands.name == NAMES.index("ACT")
    # The column that follows tells which row was opened for what.
    following = np.append(commands.name[1:], -1)
    reads = t.get("rcd_mac", t.get("rcd_rd", 1))
    lengths[opened] = np.where(following[opened] == NAMES.index("WR"), t["rcd_wr"], reads)
    lengths[commands.name == NAMES.index("PRE")] = t["rp"]
    return lengths


def within(commands: Commands, first: int, last: int) -> Commands:
    """Those issued from cycle ``first`` up to, not including, ``last``."""
    kept = (commands.cycle >= first) & (commands.cycle < last)
    columns = {one.name: getattr(commands, one.name) for one in fields(commands)}
    return Commands(
        **{name: column if name == "labels" else column[kept] for name, column in columns.items()}
    )


def waits(commands: Commands, first: int, last: int, tck_ns: float) -> dict[str, float]:
    """Nanoseconds of a window by what the command at their end had waited for, longest first.

    ``commands`` begin at cycle ``first`` and reach beyond ``last``, so that what the next one
    waits for is known; the end of the run is a reason of its own. The parts add up to the window.
    """
    cycle = np.clip(np.append(commands.cycle, last), first, last)
    gaps = np.diff(cycle, prepend=first) * tck_ns
    reasons = np.append(commands.because.astype(int), len(REASONS))
    names = [*REASONS, END]
    found = {names[i]: float(gaps[reasons == i].sum()) for i in np.unique(reasons)}
    found = {name or BEGIN: ns for name, ns in found.items()}
    return {name: found[name] for name in sorted(found, key=found.__getitem__, reverse=True)
            if found[name] > 0}  # fmt: skip


def describe_window(commands: Commands, first: int, last: int, tck_ns: float) -> str:
    """The finding: how many commands, and what the window's time goes to."""
    inside = within(commands, first, last)
    if not len(inside):
        return "No command is issued in this window."
    counts = np.bincount(inside.name.astype(int), minlength=len(NAMES))
    each = ", ".join(f"{counts[i]:,} {NAMES[i]}" for i in np.argsort(-counts)[:4] if counts[i])
    whole = (last - first) * tck_ns
    parts = list(waits(commands, first, last, tck_ns).items())[:4]
    words = ", ".join(f"{name} {percent(ns / whole)}" for name, ns in parts)
    return f"{len(inside):,} commands of a channel ({each}). The time of the window: {words}."
