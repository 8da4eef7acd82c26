"""Timelines as files for other programs, read back by readers that are not ours."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from google.protobuf.wrappers_pb2 import UInt64Value
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

from engine.core.overlaps import without_overlaps
from engine.core.timeline import Counter, Lane, Timeline
from engine.io.trace_events import to_chrome, to_perfetto, to_table
from engine.io.trace_events.protobuf import varint
from tests.timelines import small


def chrome(data: bytes, phase: str) -> list[dict[str, Any]]:
    return [event for event in json.loads(data)["traceEvents"] if event["ph"] == phase]


def perfetto(data: bytes) -> Trace:
    trace = Trace()
    trace.ParseFromString(data)
    return trace


def many(spans: int) -> Timeline:
    """Spans of 1 ns one after the other on one lane."""
    start = np.arange(spans, dtype=float)
    zeros = np.zeros(spans, np.int64)
    return Timeline((Lane("bank"),), ("RD",), "ns", zeros, zeros, start, start + 1)


@pytest.mark.parametrize("value", [1, 127, 128, 300, 2**32, 2**63 - 1, 2**64 - 1])
def test_varints_are_those_of_the_protobuf_library(value: int) -> None:
    assert varint(value) == UInt64Value(value=value).SerializeToString()[1:]


def test_chrome_spans_have_microseconds_places_and_details() -> None:
    spans = chrome(to_chrome(small(), title="Test").data, "X")
    assert [(s["name"], s["ts"], s["dur"], s["pid"], s["tid"]) for s in spans] == [
        ("ACT", 0, 2, 1, 1),
        ("ACT", 1, 2, 1, 2),
        ("RD", 2.5, 1.5, 1, 1),
        ("COPY", 4, 5.25, 2, 3),
    ]
    assert spans[0]["args"] == {"row": 17, "part": "weights", "pJ": 1.5}
    assert "pJ" not in spans[2]["args"], "JSON has no word for NaN"


def test_a_nanosecond_is_a_thousandth_in_chrome() -> None:
    spans = chrome(to_chrome(many(3)).data, "X")
    assert [(s["ts"], s["dur"]) for s in spans] == [(0, 0.001), (0.001, 0.001), (0.002, 0.001)]


def test_chrome_names_processes_after_groups_and_threads_after_lanes() -> None:
    said = {
        (event["name"], event["pid"], event["tid"]): event["args"]
        for event in chrome(to_chrome(small(), title="Test").data, "M")
    }
    assert said["process_name", 1, 0] == {"name": "channel 0"}
    assert said["process_name", 2, 0] == {"name": "Test"}
    assert said["thread_name", 1, 2] == {"name": "bank 1"}
    assert said["thread_sort_index", 2, 3] == {"sort_index": 3}


def test_chrome_has_counters_and_a_flow_for_each_wait() -> None:
    data = to_chrome(small()).data
    assert [(c["name"], c["ts"], c["args"]) for c in chrome(data, "C")] == [
        ("queue (requests)", 0, {"requests": 3}),
        ("queue (requests)", 2, {"requests": 1}),
    ]
    starts = {flow["id"]: flow for flow in chrome(data, "s")}
    ends = {flow["id"]: flow for flow in chrome(data, "f")}
    assert [(starts[i]["tid"], starts[i]["ts"]) for i in (2, 3)] == [(1, 0), (1, 2.5)]
    assert [(ends[i]["tid"], ends[i]["ts"], ends[i]["bp"]) for i in (2, 3)] == [
        (1, 2.5, "e"),
        (3, 4, "e"),
    ]


def test_perfetto_tracks_are_a_tree_in_the_order_of_the_lanes() -> None:
    trace = perfetto(to_perfetto(small(), title="Test").data)
    tracks = {p.track_descriptor.uuid: p.track_descriptor for p in trace.packet
              if p.HasField("track_descriptor")}  # fmt: skip
    path = {
        track.name: tracks[track.parent_uuid].name if track.parent_uuid else None
        for track in tracks.values()
    }
    assert path == {
        "Test": None,
        "channel 0": "Test",
        "bank 0": "channel 0",
        "bank 1": "channel 0",
        "link": "Test",
        "Counters": "Test",
        "queue": "Counters",
    }
    ranks = [track.sibling_order_rank for track in tracks.values() if track.parent_uuid]
    assert ranks == sorted(ranks)
    counters = [track for track in tracks.values() if track.HasField("counter")]
    assert [(c.name, c.counter.unit_name) for c in counters] == [("queue", "requests")]
    assert {p.trusted_packet_sequence_id for p in trace.packet} == {1}


def test_perfetto_details_and_flows_are_on_the_begin_of_a_span() -> None:
    trace = perfetto(to_perfetto(small()).data)
    interned = next(p.interned_data for p in trace.packet if p.HasField("interned_data"))
    kinds = {entry.iid: entry.name for entry in interned.event_names}
    notes = {entry.iid: entry.name for entry in interned.debug_annotation_names}
    begins = [p.track_event for p in trace.packet
              if p.track_event.type == TrackEvent.TYPE_SLICE_BEGIN]  # fmt: skip
    assert [kinds[event.name_iid] for event in begins] == ["ACT", "ACT", "RD", "COPY"]
    first = {notes[note.name_iid]: note for note in begins[0].debug_annotations}
    assert (first["row"].int_value, first["part"].string_value) == (17, "weights")
    assert first["pJ"].double_value == 1.5
    assert begins[3].debug_annotations[0].int_value == -1
    assert set(begins[0].flow_ids) == set(begins[2].terminating_flow_ids)
    assert set(begins[2].flow_ids) == set(begins[3].terminating_flow_ids)
    values = [(p.timestamp, p.track_event.double_counter_value) for p in trace.packet
              if p.track_event.type == TrackEvent.TYPE_COUNTER]  # fmt: skip
    assert values == [(0, 3.0), (2000, 1.0)]


def test_perfetto_keeps_the_exact_times_that_whole_nanoseconds_lose() -> None:
    fine = replace(many(2), start=np.array([0.0, 0.4]), end=np.array([0.4, 1.7]))
    trace = perfetto(to_perfetto(fine).data)
    interned = next(p.interned_data for p in trace.packet if p.HasField("interned_data"))
    notes = {entry.iid: entry.name for entry in interned.debug_annotation_names}
    found = [
        {notes[note.name_iid]: note.double_value for note in p.track_event.debug_annotations}
        for p in trace.packet
        if p.track_event.type == TrackEvent.TYPE_SLICE_BEGIN
    ]
    assert found[1] == pytest.approx({"start (ns)": 0.4, "duration (ns)": 1.3})


@pytest.mark.parametrize("write", [to_chrome, to_perfetto])
def test_what_starts_last_is_left_out_beyond_a_limit_and_that_is_said(write) -> None:
    whole = write(many(1000))
    assert (whole.spans, whole.left_out, whole.until_ns) == (1000, 0, None)
    for limit in ({"most_events": 400}, {"most_bytes": len(whole.data) // 2}):
        part = write(many(1000), **limit)
        assert 100 < part.spans < 600
        assert part.spans + part.left_out == 1000
        assert part.until_ns == part.spans - 1
        assert len(part.data) <= limit.get("most_bytes", len(whole.data))


def test_a_compressed_trace_is_the_same_trace_every_time() -> None:
    for write in (to_chrome, to_perfetto):
        squeezed = write(small(), gz=True).data
        assert gzip.decompress(squeezed) == write(small()).data
        assert squeezed == write(small(), gz=True).data


def test_hostile_words_stay_words() -> None:
    words = '"}],<img src=x onerror="window.__x=1">\n\ud800'
    bad = replace(
        small(),
        kinds=(words, "RD", "COPY"),
        details={words: np.array([words, "", "", ""], object)},
        lanes=(Lane(words, words), Lane("b"), Lane("c")),
    )
    said = words.replace("\ud800", "?")
    span = chrome(to_chrome(bad, title=words).data, "X")[0]
    assert (span["name"], span["args"]) == (said, {said: said})
    trace = perfetto(to_perfetto(bad, title=words).data)
    assert trace.packet[1].track_descriptor.name == said


@pytest.mark.parametrize("write", [to_chrome, to_perfetto])
@pytest.mark.parametrize(
    "change",
    [
        {"start": np.array([-1.0, 1, 2, 3])},
        {"end": np.array([2, 3, 4, np.inf])},
        {"end": np.array([2, 3, 4, np.nan])},
        {"counters": (Counter("q", "", np.array([0.0]), np.array([np.nan])),)},
        {"counters": (Counter("q", "", np.array([0.0]), np.array([1.0, 2.0])),)},
    ],
)
def test_what_a_trace_cannot_say_is_refused(write, change) -> None:
    with pytest.raises(ValueError, match=r"times in a trace|needs a finite value"):
        write(replace(small(), **change))


def test_an_empty_timeline_is_an_empty_trace() -> None:
    assert chrome(to_chrome(many(0)).data, "X") == []
    assert to_perfetto(many(0)).spans == 0


def test_spans_that_overlap_go_to_further_lanes() -> None:
    start, end = np.array([0.0, 1.0, 2.0, 3.0]), np.array([3.0, 2.0, 4.0, 5.0])
    given = replace(small(), lane=np.zeros(4, int), start=start, end=end)
    split = without_overlaps(given)
    names = [lane.name for lane in split.lanes]
    assert names == ["bank 0", "bank 0 (2)", "bank 1", "link"]
    assert split.lane.tolist() == [0, 1, 1, 0]
    assert split.lanes[1].group == "channel 0"
    assert without_overlaps(split) is split


def test_a_table_has_a_row_for_each_span() -> None:
    table = to_table(small())
    assert table.columns.tolist() == [
        *("lane", "group", "kind", "start_us", "end_us", "duration_us"),
        *("cause", "row", "part", "pJ"),
    ]
    assert table.iloc[2][["lane", "kind", "start_us", "cause"]].tolist() == ["bank 0", "RD", 2.5, 0]
    assert table["cause"].isna().tolist() == [True, True, False, False]
    again = to_table(replace(small(), details={"kind": np.arange(4)}))
    assert again["detail kind"].tolist() == [0, 1, 2, 3]
