"""What both trace formats share: order, limits, and what was left out.

Perfetto's viewer takes about 2 GB at run time and several times the size of a file; Chrome's
stops near a million events. Both show half a million well.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.core.overlaps import without_overlaps
from engine.core.settings import MB
from engine.core.timeline import NANOSECONDS, Timeline

MOST_EVENTS = 500_000
MOST_BYTES = 50 * MB
LATEST_NS = 9e15  # a float64 still tells nanoseconds apart here


@dataclass(frozen=True)
class TraceFile:
    """A trace, and how much of the timeline is in it.

    All that starts before ``until_ns``, and some of what starts then.

    ``spans`` and ``points`` are written, ``left_out`` of both were not; ``until_ns`` is None where
    nothing was left out.
    """

    data: bytes
    spans: int
    points: int
    left_out: int
    until_ns: float | None


@dataclass(frozen=True)
class Event:
    """Bytes at a time; of equal times, a lower ``rank`` comes first."""

    time: int
    rank: int
    data: bytes


@dataclass(frozen=True, eq=False)
class Items:
    """Spans and counter points of a timeline by time: position, then which counter (-1: a span)."""

    time_ns: np.ndarray
    position: np.ndarray
    counter: np.ndarray


def prepared(timeline: Timeline) -> Timeline:
    """The timeline with one thing at a time on each lane.

    Raises ValueError for times that a trace cannot hold and for counters that are not finite.
    """
    for times in (timeline.start, timeline.end, *(c.time for c in timeline.counters)):
        ns = times * NANOSECONDS[timeline.unit]
        if not np.all((ns >= 0) & (ns <= LATEST_NS)):
            raise ValueError("times in a trace must be from 0 to 9e15 ns (104 days)")
    for counter in timeline.counters:
        if counter.value.shape != counter.time.shape or not np.all(np.isfinite(counter.value)):
            raise ValueError(f"the counter {counter.name!r} needs a finite value for each time")
    return without_overlaps(timeline)


def items(timeline: Timeline) -> Items:
    """Every span and counter point, in the order of their times; spans before points."""
    scale = NANOSECONDS[timeline.unit]
    columns = [(timeline.start, -1), *((c.time, i) for i, c in enumerate(timeline.counters))]
    time = np.concatenate([times for times, _ in columns]) * scale
    position = np.concatenate([np.arange(len(times)) for times, _ in columns])
    counter = np.concatenate([np.full(len(times), i) for times, i in columns])
    order = np.argsort(time, kind="stable")
    return Items(time[order], position[order], counter[order])


def collect(
    found: Items,
    encode: Callable[[int, int], list[Event]],
    header: int,
    most_events: int,
    most_bytes: int,
    between: int = 0,
) -> tuple[list[bytes], dict[str, object]]:
    """The events in order, and the fields of a TraceFile that say what was left out.

    ``encode`` gives the events of (counter, position); ``header`` bytes are taken already,
    and ``between`` come with each event.
    """
    events: list[Event] = []
    size, kept = header, 0
    pairs: Iterator[tuple[int, int]] = zip(
        found.counter.tolist(), found.position.tolist(), strict=True
    )
    for counter, position in pairs:
        more = encode(counter, position)
        size += sum(len(event.data) + between for event in more)
        if len(events) + len(more) > most_events or size > most_bytes:
            break
        events += more
        kept += 1
    events.sort(key=lambda event: (event.time, event.rank))
    spans = int(np.count_nonzero(found.counter[:kept] < 0))
    left_out = len(found.counter) - kept
    until = float(found.time_ns[kept - 1]) if kept and left_out else 0.0 if left_out else None
    said: dict[str, object] = {
        "spans": spans,
        "points": kept - spans,
        "left_out": left_out,
        "until_ns": until,
    }
    return [event.data for event in events], said


def column_parts(
    column: np.ndarray, encode: Callable[[object], bytes]
) -> tuple[list[bytes], list[int]]:
    """Each value of a column encoded once, and which of them a span has.

    Numbers that are not finite are encoded as nothing.
    """
    if column.dtype == object:
        column = column.astype(str)
    values, which = np.unique(column, return_inverse=True)
    absent = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
    parts = [b"" if no else encode(v) for v, no in zip(values.tolist(), absent, strict=True)]
    return parts, which.tolist()


def packed(data: bytes, gz: bool) -> bytes:
    """The bytes as they are, or as gzip with no date in it."""
    return gzip.compress(data, 6, mtime=0) if gz else data
