"""TrackEvent of Perfetto: the protobuf that ui.perfetto.dev and trace_processor read natively.

Field numbers: protos/perfetto/trace/trace_packet.proto and track_event/*.proto of google/perfetto.
Names are interned: written once and referred to by number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial

import numpy as np

from engine.core.timeline import NANOSECONDS, Timeline
from engine.io.trace_events.protobuf import double, fixed64, integer, message, text
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
_PACKET = 1  # of Trace
# TracePacket
_TIMESTAMP, _SEQUENCE, _TRACK_EVENT, _INTERNED, _FLAGS, _TRACK = 8, 10, 11, 12, 13, 60
_CLEARED, _NEEDED = 1, 2  # sequence_flags: names begin anew; this packet refers to names
# InternedData and its entries
_EVENT_NAMES, _ANNOTATION_NAMES = 2, 3
_IID, _INTERNED_NAME = 1, 2
# TrackDescriptor and CounterDescriptor
_UUID, _NAME, _PARENT, _COUNTER, _CHILD_ORDER, _RANK, _UNIT_NAME = 1, 2, 5, 8, 11, 12, 6
_EXPLICIT = 3
# TrackEvent
_ANNOTATIONS, _TYPE, _NAME_IID, _TRACK_UUID, _DOUBLE_VALUE = 4, 9, 10, 11, 44
_FLOWS, _LAST_FLOWS = 47, 48
_BEGIN, _END, _VALUE = 1, 2, 4
# DebugAnnotation
_BOOL, _INT, _DOUBLE, _STRING = 2, 4, 5, 6

_ON_SEQUENCE = integer(_SEQUENCE, 1)
_REFERS = integer(_FLAGS, _NEEDED) + _ON_SEQUENCE


def to_perfetto(
    timeline: Timeline,
    *,
    title: str = "Timeline",
    gz: bool = False,
    most_events: int = MOST_EVENTS,
    most_bytes: int = MOST_BYTES,
) -> TraceFile:
    """The timeline as TrackEvent packets in order of time, at most that many and that large.

    Times are whole nanoseconds there; where that rounds any, each span also carries its own as
    annotations. Spans that overlap on a lane go to further lanes, "name (2)". Beyond a limit what
    starts last is left out. ``most_bytes`` counts before compression. Raises ValueError for times
    before 0 or beyond 9e15 ns.
    """
    timeline = prepared(timeline)
    tracks = _Tracks(timeline, title)
    notes = [*timeline.details, "start (ns)", "duration (ns)"]
    names = _packet(
        integer(_FLAGS, _CLEARED),
        message(
            _INTERNED,
            *(_interned(_EVENT_NAMES, i, name) for i, name in enumerate(timeline.kinds, 1)),
            *(_interned(_ANNOTATION_NAMES, i, str(name)) for i, name in enumerate(notes, 1)),
        ),
        _ON_SEQUENCE,
    )
    head = b"".join((names, *tracks.packets))
    spans, points = _spans(timeline, tracks.lanes), _points(timeline, tracks.counters)
    found, said = collect(
        items(timeline),
        lambda counter, i: spans(i) if counter < 0 else points(counter, i),
        len(head),
        most_events,
        most_bytes,
    )
    return TraceFile(packed(b"".join((head, *found)), gz), **said)  # type: ignore[arg-type]


def _packet(*fields: bytes) -> bytes:
    return message(_PACKET, *fields)


def _interned(field: int, number: int, name: str) -> bytes:
    return message(field, integer(_IID, number), text(_INTERNED_NAME, name))


class _Tracks:
    """Descriptors of a tree of tracks: the whole, groups, lanes; the uuid of each lane."""

    def __init__(self, timeline: Timeline, title: str):
        self.packets: list[bytes] = []
        self._last = 0
        root = self._add(title, None, integer(_CHILD_ORDER, _EXPLICIT))
        groups = {"": root}
        self.lanes: list[int] = []
        for lane in timeline.lanes:
            if lane.group not in groups:
                groups[lane.group] = self._add(lane.group, root, integer(_CHILD_ORDER, _EXPLICIT))
            self.lanes.append(self._add(lane.name, groups[lane.group]))
        self.counters: list[int] = []
        if timeline.counters:
            group = self._add(COUNTERS, root, integer(_CHILD_ORDER, _EXPLICIT))
            for counter in timeline.counters:
                unit = message(_COUNTER, text(_UNIT_NAME, counter.unit) if counter.unit else b"")
                self.counters.append(self._add(counter.name, group, unit))

    def _add(self, name: str, parent: int | None, *more: bytes) -> int:
        self._last += 1
        place = b"" if parent is None else integer(_PARENT, parent) + integer(_RANK, self._last)
        described = message(_TRACK, integer(_UUID, self._last), text(_NAME, name), place, *more)
        self.packets.append(_packet(described, _ON_SEQUENCE))
        return self._last


def _annotation(number: int, value: object) -> bytes:
    name = integer(1, number)
    if isinstance(value, bool):
        held = integer(_BOOL, value)
    elif isinstance(value, int):
        held = integer(_INT, value)
    elif isinstance(value, float):
        held = double(_DOUBLE, value)
    else:
        held = text(_STRING, str(value))
    return message(_ANNOTATIONS, name, held)


def _spans(timeline: Timeline, lanes: list[int]) -> Callable[[int], list[Event]]:
    """How span i is written: its begin with name, annotations and flows, then its end."""
    scale = NANOSECONDS[timeline.unit]
    exact = timeline.start * scale, timeline.end * scale
    begin, end = (np.rint(times).astype(np.int64) for times in exact)
    rounded = bool(np.any(begin != exact[0]) or np.any(end != exact[1]))
    begins, ends = begin.tolist(), end.tolist()
    at, long = exact[0].tolist(), (exact[1] - exact[0]).tolist()
    kinds = [integer(_NAME_IID, i) for i in range(1, len(timeline.kinds) + 1)]
    tracks = [integer(_TRACK_UUID, uuid) for uuid in lanes]
    lane, kind = timeline.lane.tolist(), timeline.kind.tolist()
    columns = [
        column_parts(column, partial(_annotation, number))
        for number, column in enumerate(timeline.details.values(), 1)
    ]
    start_note = len(columns) + 1
    flows = _flows(timeline)
    begins_here, ends_here = integer(_TYPE, _BEGIN), integer(_TYPE, _END)

    def packet(time: int, *fields: bytes) -> bytes:
        return _packet(integer(_TIMESTAMP, time), message(_TRACK_EVENT, *fields), _REFERS)

    def encode(i: int) -> list[Event]:
        notes = [parts[which[i]] for parts, which in columns]
        if rounded:
            notes += [_annotation(start_note, at[i]), _annotation(start_note + 1, long[i])]
        track = tracks[lane[i]]
        first = packet(begins[i], begins_here, track, kinds[kind[i]], *notes, flows.get(i, b""))
        last = packet(ends[i], ends_here, track)
        # An end comes before what begins at the same time, but after its own begin.
        return [
            Event(begins[i], 1, first),
            Event(ends[i], 0 if ends[i] > begins[i] else 1, last),
        ]

    return encode


def _flows(timeline: Timeline) -> dict[int, bytes]:
    """The flow fields of each span: one flow per wait, from the begin of the cause on."""
    found: dict[int, bytes] = defaultdict(bytes)
    if timeline.cause is not None:
        for i in np.flatnonzero(timeline.cause >= 0).tolist():
            k = int(timeline.cause[i])
            # An arrow in a trace goes forward in time.
            if k != i and timeline.start[k] <= timeline.start[i]:
                found[k] += fixed64(_FLOWS, i + 1)
                found[i] += fixed64(_LAST_FLOWS, i + 1)
    return found


def _points(timeline: Timeline, uuids: list[int]) -> Callable[[int, int], list[Event]]:
    """How point i of a counter is written."""
    scale = NANOSECONDS[timeline.unit]
    times = [np.rint(c.time * scale).astype(np.int64).tolist() for c in timeline.counters]
    values = [counter.value.astype(float).tolist() for counter in timeline.counters]

    def encode(counter: int, i: int) -> list[Event]:
        value = message(
            _TRACK_EVENT,
            integer(_TYPE, _VALUE),
            integer(_TRACK_UUID, uuids[counter]),
            double(_DOUBLE_VALUE, values[counter][i]),
        )
        time = times[counter][i]
        return [Event(time, 2, _packet(integer(_TIMESTAMP, time), value, _ON_SEQUENCE))]

    return encode
