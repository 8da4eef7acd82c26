"""A trace that was run: its commands as spans, what they waited for, hits, latencies, counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.timeline import Lane, Timeline
from engine.core.units import count, percent, si
from engine.figures import Palette, axis, bars, histogram

MOST_SPANS = 200_000
WORDS = {
    "ACT": "activate a row of a bank",
    "ACT16": "activate a row in all banks",
    "PRE": "precharge a bank",
    "PREA": "precharge all banks",
    "RD": "read a column",
    "WR": "write a column",
    "MAC": "multiply-accumulate in a bank",
    "MAC16": "multiply-accumulate in all banks",
    "AF16": "activation function in all banks",
    "EWMUL16": "element-wise product in all banks",
    "RDCP": "copy a column into the global buffer",
    "WRCP": "copy from the global buffer into a bank",
    "WRGB": "write the global buffer",
    "WRMAC16": "write the accumulators",
    "RDMAC16": "read the accumulators",
    "RDAF16": "read the activation results",
    "WRA16": "write a column in all banks and precharge",
    "TMOD": "change between the modes of banks and of registers",
    "REF": "refresh all banks",
}
# Rows of the reasons that are no timing rule.
NO_RULE = {"arrival": "nothing: it had just arrived", "turn": "its turn: others went first"}
OPENING = {"ACT", "ACT16"}
FIRST_COLUMN = ("rcd_mac", "rcd_rd", "rcd_wr")


@dataclass(frozen=True, eq=False)
class Shown:
    """A timeline of the first commands, and how many more there are."""

    timeline: Timeline
    left_out: int


def shown_timeline(result: Result, most: int = MOST_SPANS) -> Shown:
    """Spans in nanoseconds: a row that opens or closes lasts until it is open or closed.

    A span ends where the next of its lane begins. ``cause`` is the command that the binding rule
    counts from.
    """
    total = len(result.array("cycle"))
    kept = min(total, most)
    cycle, since = (result.array(name)[:kept].astype(np.int64) for name in ("cycle", "since"))
    channel, bank = (result.array(name)[:kept].astype(np.int64) for name in ("channel", "bank"))
    names, reasons = result.notes["names"], result.notes["reasons"]
    lanes, lane = _lanes(result, channel, bank)
    lengths = np.array([_length(name, result.notes["timing"]) for name in names] or [1], np.int64)
    kind = result.array("name")[:kept].astype(np.int64)
    end = cycle + lengths[kind] if kept else cycle
    end = np.minimum(end, _next_on_lane(lane, cycle))
    tck = result.number("tck_ns")
    because = result.array("because")[:kept].astype(np.int64)
    waited = np.where(since >= 0, cycle - since, 0)
    return Shown(
        Timeline(
            lanes=lanes,
            kinds=tuple(names),
            unit="ns",
            lane=lane,
            kind=kind,
            start=cycle * tck,
            end=end * tck,
            cause=_causes(channel, cycle, since),
            details={
                "row": np.where(result.array("row")[:kept] < 0, "none",
                                result.array("row")[:kept].astype(str)),
                "waited for": np.array(reasons or [""])[because],
                "waited ns": waited * tck,
                "waited cycles": waited,
                "cycle": cycle,
                "line of the trace": result.array("line")[:kept].astype(np.int64),
            },
        ),
        total - kept,
    )  # fmt: skip


def channel_name(members: list[int]) -> str:
    """``Channel 3`` or ``Channels 24 to 31``, of which one is shown."""
    if len(members) == 1:
        return f"Channel {members[0]}"
    run = members[-1] - members[0] == len(members) - 1
    return f"Channels {members[0]} to {members[-1]}" if run else f"{len(members)} channels alike"


def _lanes(
    result: Result, channel: np.ndarray, bank: np.ndarray
) -> tuple[tuple[Lane, ...], np.ndarray]:
    """A lane for all banks of a channel where it has such commands, and one for each bank used."""
    lanes: list[Lane] = []
    lane = np.zeros(len(channel), np.int64)
    for members in result.notes["channels"]:
        here = channel == members[0]
        for one in np.unique(bank[here]):
            lane[here & (bank == one)] = len(lanes)
            name = "All banks" if one < 0 else f"Bank {one}"
            lanes.append(Lane(name, channel_name(members)))
    return tuple(lanes) or (Lane("No command"),), lane


def _length(name: str, t: dict[str, int]) -> int:
    """Cycles that a command is drawn for."""
    if name in OPENING:
        return max(1, next((t[first] for first in FIRST_COLUMN if first in t), 1))
    if name in ("PRE", "PREA"):
        return max(1, t["rp"])
    if name == "REF":
        return max(1, t["rfc"])
    if name == "TMOD":
        return max(1, t["mode_change"])
    return max(1, t["ccd_s"])


def _next_on_lane(lane: np.ndarray, cycle: np.ndarray) -> np.ndarray:
    """For each command the cycle of the next on its lane."""
    order = np.lexsort((cycle, lane))
    after = np.full(len(cycle), np.iinfo(np.int64).max)
    same = lane[order][1:] == lane[order][:-1]
    after[order[:-1]] = np.where(same, cycle[order][1:], after[order[:-1]])
    return after


def _causes(channel: np.ndarray, cycle: np.ndarray, since: np.ndarray) -> np.ndarray:
    """The position of the command of the same channel at cycle ``since``, -1 where there is none.

    A channel issues one command a cycle.
    """
    place = {(one, at): i for i, (one, at) in enumerate(zip(channel, cycle, strict=True))}
    return np.array(
        [
            place.get((one, at), -1) if at >= 0 else -1
            for one, at in zip(channel, since, strict=True)
        ],
        np.int64,
    )


def waits(result: Result) -> dict[str, int]:
    """Cycles between commands that follow each other in a channel, by what the later waited for.

    The longest first; channels that do the same count once.
    """
    found: dict[str, int] = {}
    reasons = result.notes["reasons"]
    for members in result.notes["channels"]:
        here = result.array("channel") == members[0]
        gaps = np.diff(result.array("cycle")[here], prepend=0)
        codes = result.array("because")[here].astype(int)
        for code, cycles in enumerate(np.bincount(codes, gaps, len(reasons))):
            found[reasons[code]] = found.get(reasons[code], 0) + int(cycles)
    longest = sorted(found, key=found.__getitem__, reverse=True)
    return {name: found[name] for name in longest if found[name]}


def hit_rate(result: Result) -> float | None:
    """Share of the accesses to columns that found their row open and used; None without any."""
    hit = result.array("hit")
    accesses = int((hit >= 0).sum())
    return float((hit == 1).sum() / accesses) if accesses else None


def count_table(result: Result) -> dict[str, list[object]]:
    """Commands by channel and name, with the mean wait of those that a rule held back."""
    rows: dict[str, list[object]] = {"Channels": [], "Command": [], "Does": [], "Number": [],
                                     "Held by a rule": [], "Mean wait [cycles]": []}  # fmt: skip
    waited = np.where(result.array("since") >= 0, result.array("cycle") - result.array("since"), -1)
    for members in result.notes["channels"]:
        here = result.array("channel") == members[0]
        for code, name in enumerate(result.notes["names"]):
            held = waited[here & (result.array("name") == code)]
            if not len(held):
                continue
            bound = held[held >= 0]
            mean = float(bound.mean()) if len(bound) else 0.0
            values = (channel_name(members), name, WORDS[name], len(held), len(bound), mean)
            for column, value in zip(rows.values(), values, strict=True):
                column.append(value)
    return rows


def describe(result: Result) -> str:
    """The finding: how long, how many commands, how many hits, and what they waited for."""
    whole = waits(result)
    total = sum(whole.values()) or 1
    most = ", ".join(
        f"{name} {percent(cycles / total)}" for name, cycles in list(whole.items())[:4]
    )
    hits = hit_rate(result)
    words = "" if hits is None else f" {percent(hits)} of the accesses are row hits."
    left = int(result.number("unwritten"))
    buffered = f" {left:,} writes still wait in the buffer then." if left else ""
    return (
        f"{result.number('cycles'):,.0f} cycles ({si(result.number('ns') * 1e-9, 's')}) for "
        f"{result.number('commands'):,.0f} commands.{words} Time between commands: "
        f"{most or 'none'}.{buffered}"
    )


def describe_waits(shown: Shown) -> str:
    """The finding of the timeline: how many commands on how many lanes, and the longest wait."""
    data = shown.timeline
    words = f"{len(data):,} commands on {count(len(data.lanes), 'lane')}"
    waited = data.details["waited cycles"]
    if not len(data) or not waited.max():
        return f"{words}; none waited for a rule."
    longest = int(np.argmax(waited))
    return (
        f"{words}; the longest wait for a rule is {waited[longest]:,} cycles for "
        f"{data.details['waited for'][longest]}, at cycle {data.details['cycle'][longest]:,}."
    )


def describe_reference(result: Result) -> str | None:
    """The run beside what was reported of the same trace; None where nothing was."""
    reference = result.metrics["reference_cycles"]
    if reference is None:
        return None
    ours, theirs = int(result.number("cycles")), int(result.number("reference_cycles"))
    if ours == theirs:
        return f"Equal to the reference simulator: {theirs:,} cycles."
    off = ours - theirs
    return (
        f"{abs(off):,} cycles {'more' if off > 0 else 'fewer'} than the {theirs:,} reported "
        f"({100 * off / theirs:+.3g} %)."
    )


def draw_waits(result: Result, palette: Palette) -> go.Figure:
    """A bar for each reason: the cycles in which a channel waited for it."""
    whole = waits(result)
    reasons = list(whole) or ["nothing"]
    return bars(
        [NO_RULE.get(name, name) for name in reasons],
        {"cycles": [whole.get(name, 0) for name in reasons]},
        palette,
        title="What the commands waited for",
        subtitle="cycles from each command of a channel to the next, by what bound the next",
        category="Binding constraint",
        value=axis("Time", "cycles"),
        horizontal=True,
        alt=describe(result),
        height=160 + 26 * len(reasons),
    )


def draw_latencies(result: Result, palette: Palette) -> go.Figure | None:
    """How long the reads took from arrival to data; None where that is not known."""
    latency = result.array("latency")
    if not len(latency):
        return None
    alt = (
        f"{len(latency):,} reads took {latency.min():,} to {latency.max():,} cycles, "
        f"{latency.mean():,.1f} on average."
    )
    return histogram(
        {"reads": latency},
        palette,
        title="Latency of the reads",
        x=axis("From arrival in the controller to data", "cycles"),
        alt=alt,
    )
