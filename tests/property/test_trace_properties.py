"""Random timelines as traces: nothing is lost, times rise, spans on a lane never overlap."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal

import numpy as np
from hypothesis import given
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

from engine.core.overlaps import without_overlaps
from engine.core.timeline import NANOSECONDS, Timeline
from engine.io.trace_events import to_chrome, to_perfetto
from tests.timelines import timelines


@given(timelines())
def test_overlaps_are_gone_and_spans_stay(timeline: Timeline) -> None:
    split = without_overlaps(timeline)
    np.testing.assert_array_equal(split.start, timeline.start)
    for before, after in zip(timeline.lane, split.lane, strict=True):
        assert split.lanes[after].name.startswith(timeline.lanes[before].name)
        assert split.lanes[after].group == timeline.lanes[before].group
    for lane in range(len(split.lanes)):
        on = split.lane == lane
        assert np.all(split.start[on][1:] >= split.end[on][:-1])


@given(timelines())
def test_chrome_holds_every_span_in_order_without_overlap(timeline: Timeline) -> None:
    # Decimals, as written: sums are exact.
    events = json.loads(to_chrome(timeline).data, parse_float=Decimal)["traceEvents"]
    times = [event["ts"] for event in events]
    assert times == sorted(times)
    spans = [event for event in events if event["ph"] == "X"]
    scale = NANOSECONDS[timeline.unit] / 1000
    assert {span["args"]["number"] for span in spans} == set(range(len(timeline)))
    ends: dict[int, Decimal] = defaultdict(Decimal)
    for span in spans:
        i = span["args"]["number"]
        assert abs(float(span["ts"]) - timeline.start[i] * scale) <= 1e-6
        long = (timeline.end[i] - timeline.start[i]) * scale
        assert abs(float(span["dur"]) - long) <= 2e-6
        assert span["name"] == timeline.kinds[timeline.kind[i]]
        assert span["ts"] >= ends[span["tid"]]
        ends[span["tid"]] = Decimal(span["ts"]) + Decimal(span["dur"])


@given(timelines())
def test_perfetto_holds_every_span_and_each_end_follows_its_begin(timeline: Timeline) -> None:
    trace = Trace()
    trace.ParseFromString(to_perfetto(timeline).data)
    packets = [packet for packet in trace.packet if packet.HasField("track_event")]
    times = [packet.timestamp for packet in packets]
    assert times == sorted(times)
    running: dict[int, int] = {}
    found = []
    for packet in packets:
        event = packet.track_event
        if event.type == TrackEvent.TYPE_SLICE_BEGIN:
            assert event.track_uuid not in running, "one thing at a time on a track"
            running[event.track_uuid] = packet.timestamp
            numbers = [n.int_value for n in event.debug_annotations if n.HasField("int_value")]
            found.append((numbers[0], packet.timestamp))
        else:
            assert running.pop(event.track_uuid) <= packet.timestamp
    assert not running
    assert sorted(i for i, _ in found) == list(range(len(timeline)))
    scale = NANOSECONDS[timeline.unit]
    assert all(abs(timestamp - timeline.start[i] * scale) <= 0.5 for i, timestamp in found)
