"""The Trace Event format of Chrome: JSON that chrome://tracing, Perfetto and others open.

"Trace Event Format", Google, 2016. Complete events "X" with ts and dur in microseconds, one process
per group, one thread per lane; counters "C"; a flow from the start of a cause to what waited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import orjson

from engine.core.timeline import NANOSECONDS, Timeline
from engine.io.trace_events.trace import (
    MOST_BYTES,
    MOST_EVENTS,
    Event,
    TraceFile,
    collect,
    column_parts,
    items,
    packed,
    prepared,
)

COUNTERS = "Counters"
_PICOSECONDS = 1e3  # per ns; times are written to the picosecond, so that touching spans touch
_FRAME = 200  # bytes of the file around names and events, at most
_SPAN, _FLOW_START, _FLOW_END, _POINT = range(4)


def to_chrome(
    timeline: Timeline,
    *,
    title: str = "Timeline",
    gz: bool = False,
    most_events: int = MOST_EVENTS,
    most_bytes: int = MOST_BYTES,
) -> TraceFile:
    """The timeline as Chrome trace JSON, events in order of ts, at most that many and that large.

    Spans that overlap on a lane go to further lanes, "name (2)". Beyond a limit what starts last is
    left out, and the file says so under "otherData". ``most_bytes`` counts before compression.
    Raises ValueError for times before 0 or beyond 9e15 ns.
    """
    timeline = prepared(timeline)
    groups = list(dict.fromkeys(lane.group for lane in timeline.lanes))
    pids = [groups.index(lane.group) + 1 for lane in timeline.lanes]
    names = list(_names(timeline, groups, pids, title))
    spans, points = _spans(timeline, pids), _points(timeline, len(groups) + 1)
    found, said = collect(
        items(timeline),
        lambda counter, i: spans(i) if counter < 0 else points(counter, i),
        sum(len(name) + 2 for name in names) + len(_text(title)) + _FRAME,
        most_events - len(names),
        most_bytes,
        between=2,
    )
    other = {"title": title, "left out": said["left_out"]}
    data = b"".join(
        (
            b'{"displayTimeUnit":"',
            b"ns" if timeline.unit in ("ns", "us") else b"ms",
            b'","otherData":{',
            b",".join(_argument(name, value) for name, value in other.items()),
            b'},"traceEvents":[\n',
            b",\n".join([*names, *found]),
            b"\n]}\n",
        )
    )
    return TraceFile(packed(data, gz), **said)  # type: ignore[arg-type]


def _names(timeline: Timeline, groups: list[str], pids: list[int], title: str) -> Iterator[bytes]:
    """Names and order of processes and threads."""

    def said(what: str, pid: int, tid: int, **args: object) -> bytes:
        return b'{"ph":"M","name":"%b","pid":%d,"tid":%d,"ts":0,"args":{%b}}' % (
            *(what.encode(), pid, tid),
            b",".join(_argument(name, value) for name, value in args.items()),
        )

    processes = [group or title for group in groups]
    for pid, name in enumerate([*processes, *([COUNTERS] if timeline.counters else [])], 1):
        yield said("process_name", pid, 0, name=name)
        yield said("process_sort_index", pid, 0, sort_index=pid)
    for tid, (lane, pid) in enumerate(zip(timeline.lanes, pids, strict=True), 1):
        yield said("thread_name", pid, tid, name=lane.name)
        yield said("thread_sort_index", pid, tid, sort_index=tid)


def _text(words: str) -> bytes:
    """A JSON string; half characters become question marks."""
    return orjson.dumps(words.encode("utf-8", "replace").decode())


def _argument(name: str, value: object) -> bytes:
    held = _text(value) if isinstance(value, str) else orjson.dumps(value)
    return _text(str(name)) + b":" + held


def _microseconds(picoseconds: int) -> bytes:
    return repr(picoseconds / 1e6).encode()


def _picoseconds(times: np.ndarray, timeline: Timeline) -> list[int]:
    return [int(t) for t in np.rint(times * NANOSECONDS[timeline.unit] * _PICOSECONDS).tolist()]


def _spans(timeline: Timeline, pids: list[int]) -> Callable[[int], list[Event]]:
    """How span i is written, with the flow from its cause."""
    start, end = _picoseconds(timeline.start, timeline), _picoseconds(timeline.end, timeline)
    kinds = [_text(kind) for kind in timeline.kinds]
    places = [b'"pid":%d,"tid":%d' % (pid, tid) for tid, pid in enumerate(pids, 1)]
    lane, kind = timeline.lane.tolist(), timeline.kind.tolist()
    cause = [-1] * len(timeline) if timeline.cause is None else timeline.cause.tolist()
    columns = [
        column_parts(column, partial(_argument, name)) for name, column in timeline.details.items()
    ]

    def encode(i: int) -> list[Event]:
        place, ts = places[lane[i]], _microseconds(start[i])
        args = b",".join(filter(None, (parts[which[i]] for parts, which in columns)))
        span = b'{"ph":"X","name":%b,%b,"ts":%b,"dur":%b,"args":{%b}}' % (
            *(kinds[kind[i]], place, ts),
            *(_microseconds(end[i] - start[i]), args),
        )
        events = [Event(start[i], _SPAN, span)]
        k = cause[i]
        # An arrow in a trace goes forward in time.
        if k >= 0 and start[k] <= start[i] and k != i:
            flow = b'{"ph":"%b","cat":"wait","name":"waited for","id":%d,%b,"ts":%b%b}'
            at = _microseconds(start[k])
            events += [
                Event(start[k], _FLOW_START, flow % (b"s", i, places[lane[k]], at, b"")),
                Event(start[i], _FLOW_END, flow % (b"f", i, place, ts, b',"bp":"e"')),
            ]
        return events

    return encode


def _points(timeline: Timeline, pid: int) -> Callable[[int, int], list[Event]]:
    """How point i of a counter is written."""
    times = [_picoseconds(counter.time, timeline) for counter in timeline.counters]
    values = [counter.value.tolist() for counter in timeline.counters]
    heads = [_text(f"{c.name} ({c.unit})" if c.unit else c.name) for c in timeline.counters]
    series = [_text(counter.unit or "value") for counter in timeline.counters]

    def encode(counter: int, i: int) -> list[Event]:
        data = b'{"ph":"C","name":%b,"pid":%d,"tid":0,"ts":%b,"args":{%b:%b}}' % (
            *(heads[counter], pid, _microseconds(times[counter][i]), series[counter]),
            orjson.dumps(values[counter][i]),
        )
        return [Event(times[counter][i], _POINT, data)]

    return encode
