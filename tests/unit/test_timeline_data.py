"""What the timeline component is given: spans lane by lane, looks of kinds, limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core import BadInput
from engine.core.timeline import Counter, Lane, Timeline
from engine.figures.palette import Palette, contrast
from pages.kit.components.timeline import timeline
from pages.kit.components.timeline.columns import MAX_SPANS, columns
from pages.kit.components.timeline.kinds import looks, short_names
from tests.timelines import small

LOOK = {"key": "timeline", "palette": Palette.light(), "label": "t"}


def many(spans: int, **change: object) -> Timeline:
    start = np.arange(spans, dtype=float)
    zeros = np.zeros(spans, np.int64)
    made = Timeline((Lane("bank"),), ("RD",), "ns", zeros, zeros, start, start + 1)
    return replace(made, **change)


def test_spans_lie_lane_by_lane_and_know_where_they_were() -> None:
    _, arrays = columns(small())
    assert arrays["place"].tolist() == [0, 2, 1, 3]
    assert arrays["lane_from"].tolist() == [0, 2, 3, 4]
    assert arrays["start"].tolist() == [0.0, 2.5, 1.0, 4.0]
    assert arrays["cause"].tolist() == [-1, 0, -1, 1], "causes follow their spans"


def test_words_travel_as_codes_and_numbers_in_the_bytes_that_keep_them() -> None:
    given = replace(
        small(),
        details={
            "part": np.array(["b", "a", "b", "a"], object),
            "whole": np.array([1, 2, 3, 2**31]),
            "half": np.array([0.5, 1, 2, np.nan]),
            "tenth": np.array([0.1, 0.2, 0.3, 0.4]),
            "yes": np.array([True, False, True, False]),
        },
    )
    said, arrays = columns(given)
    described = {detail["name"]: (detail["words"], arrays[f"detail{i}"].dtype)
                 for i, detail in enumerate(said["details"])}  # fmt: skip
    assert described == {
        "part": (["a", "b"], np.uint8),
        "whole": (None, np.float64),
        "half": (None, np.float32),
        "tenth": (None, np.float64),
        "yes": (["False", "True"], np.uint8),
    }
    assert arrays["detail0"].tolist() == [1, 1, 0, 0]


def test_many_spans_take_few_bytes() -> None:
    _, arrays = columns(many(MAX_SPANS))
    assert sum(array.nbytes for array in arrays.values()) < 18 * MAX_SPANS


@pytest.mark.parametrize(
    ("start", "length", "digits"),
    [
        ([0, 1, 1_461_457_391], [1, 12, 12], 0),
        ([0, 1.25, 3.75], [1.25, 1, 1], 2),
        ([0.1, 0.1 + 0.2, 1234.7], [0.1, 0.1, 0.1], 1),
        ([0, 1 / 3, 10 / 3], [1 / 7, 1 / 7, 1 / 7], 8),
        ([0, 1 / 3, 1e4 / 3], [1e-8 / 7, 1, 1], 10),
        ([], [], 0),
    ],
)
def test_times_get_the_digits_that_tell_them_apart(
    start: list[float], length: list[float], digits: int
) -> None:
    begin = np.array(start, float)
    made = replace(many(len(start)), start=begin, end=begin + length)
    said, _ = columns(made)
    assert said["decimals"] == digits
    different = np.unique(np.concatenate([made.start, made.end]))
    assert len({f"{time:.{digits}f}" for time in different}) == len(different)


def test_long_lengths_keep_their_last_nanosecond() -> None:
    made = many(2)
    made = replace(made, end=made.start + np.array([1.0, 20_000_001.0]))
    _, arrays = columns(made)
    assert sorted(arrays["duration"].tolist()) == [1, 20_000_001]


def test_overlapping_spans_get_a_lane_of_their_own() -> None:
    said, arrays = columns(replace(small(), lane=np.zeros(4, int)))
    assert [name for name, _ in said["lanes"]][:2] == ["bank 0", "bank 0 (2)"]
    assert len(arrays["lane_from"]) == len(said["lanes"]) + 1


def test_no_two_of_many_kinds_look_alike_and_their_names_can_be_read() -> None:
    kinds = [f"kind number {i}" for i in range(40)]
    for palette in (Palette.light(), Palette.dark()):
        found = looks(kinds, palette)
        assert len({(look["colour"], look["pattern"]) for look in found}) == 40
        assert len({look["short"] for look in found}) == 40
        assert all(contrast(look["text"], look["colour"]) >= 4.2 for look in found)


def test_short_names_are_the_initials_of_long_ones() -> None:
    assert short_names(["ACT", "CPU Adam", "downcast", "CPU All", ""]) == [
        *("ACT", "CA", "dow", "CA2", ""),
    ]


@pytest.mark.parametrize(
    ("given", "change", "sentence"),
    [
        (many(MAX_SPANS + 1), {}, "data: 200,001 spans are more than 200,000; show a part"),
        (many(0, lanes=()), {}, "data: needs at least one lane"),
        (many(2, end=np.array([1, np.inf])), {}, "data: every time must be a finite number"),
        (many(2, cause=np.array([-1, 2])), {}, "data: a cause must be -1 or a span from 0 to 1"),
        (
            many(1, counters=(Counter("q", "", np.array([1.0, 0.0]), np.zeros(2)),)),
            {},
            "data: the counter 'q' needs a value for rising times",
        ),
        (
            many(1, counters=(Counter("q", "", np.zeros(1), np.array([np.nan])),)),
            {},
            "data: the counter 'q' must be finite",
        ),
        (small(), {"because": "why"}, "because: must be a detail of the timeline: row, part, pJ"),
        (small(), {"span": (3, 3)}, "span: must begin before it ends .got 3 to 3."),
        (
            many(MAX_SPANS, details={str(i): np.arange(MAX_SPANS) + 0.1 for i in range(6)}),
            {},
            "data: 13.0 MB are more than 12 MB; show fewer spans or details",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(given: Timeline, change: dict, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        timeline(given, **LOOK, **change)
