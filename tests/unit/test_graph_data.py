"""What the graph component refuses, and how its numbers travel."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.core import BadInput
from engine.figures.palette import Palette
from pages.kit.components.graph import (
    EdgeKind,
    NodeKind,
    _groups,
    _levels,
    _positions,
    _presence,
    graph,
)
from pages.kit.components.graph.growth import arrival_frames, marks

SQUARE = {"xy": [[0, 0], [1, 0], [1, 1]], "edges": [[0, 1], [1, 2]]}
REST = {
    "key": "g", "palette": Palette.light(), "title": "t", "labels": ["a", "b", "c"],
    "kinds": [NodeKind("k", "#000000")], "edge_kinds": [EdgeKind("e", "#000000")], "alt": "a",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"xy": np.zeros((0, 2)), "edges": []}, "xy: must be"),
        ({"xy": [[0, 0], [1, np.nan], [1, 1]]}, "xy: every position"),
        ({"edges": [[0, 3]]}, "edges: must join nodes from 0 to 2"),
        ({"labels": ["a"]}, "labels: needs 3 labels"),
        ({"kind": [0, 1, 0]}, "kind: needs 3 numbers from 0 to 0"),
        ({"kind": [[0, 0, 0]] * 2}, "kind: needs 3 numbers"),
        ({"edge_kind": [0]}, "edge_kind: needs 2 numbers"),
        ({"weight": [1, 2]}, "weight: has shape"),
        ({"weight": [1, -1, 0]}, "weight: must be finite and not negative"),
        ({"flow": [np.inf, 0]}, "flow: must be finite"),
        ({"presence": [0, 1]}, "presence: has shape (2,), not (1, 3)"),
        ({"presence": [0, 1, 3]}, "presence: must be 0 (there), 1 (a ghost) or 2"),
        ({"readouts": {"mass": ([1.0], "1")}}, "readouts: mass has shape"),
        ({"born": [0, 0]}, "born: needs 3 frames from 0 to 0"),
        ({"born": [0, 1, 2], "frame_names": ["a", "b"]}, "born: needs 3 frames from 0 to 1"),
        ({"edge_born": [0, -1]}, "edge_born: needs 2 frames"),
        ({"marked": [3]}, "marked: must be nodes from 0 to 2"),
        ({"marked": [[0], [1]], "frame_names": ["a", "b", "c"]}, "a list for each of 3 frames"),
    ],
)
def test_graph_refuses_what_it_cannot_draw(change: dict, sentence: str) -> None:
    arguments = {**SQUARE, **REST, **change}
    with pytest.raises(BadInput, match=re.escape(sentence)):
        graph(arguments.pop("xy"), arguments.pop("edges"), **arguments)


def test_positions_keep_their_aspect_within_the_square() -> None:
    points = _positions([[0, 0], [4, 0], [4, 2]])
    assert points.tolist() == [[-1, -0.5], [1, -0.5], [1, 0.5]]
    assert _positions([[3, 3]]).tolist() == [[0, 0]]


def test_a_kind_may_change_from_frame_to_frame() -> None:
    changing = [[0, 1, 0], [1, 1, 2]]
    assert _groups(changing, 3, 3, "kind", 2).tolist() == [0, 1, 0, 1, 1, 2]
    assert _groups([0, 1, 2], 3, 3, "kind", 2).tolist() == [0, 1, 2]
    with pytest.raises(BadInput, match="from 0 to 1"):
        _groups(changing, 3, 2, "kind", 2)


def test_levels_never_hide_what_is_not_zero() -> None:
    levels = _levels([[0, 1e-9, 1], [0, 0, 0.5]], 2, 3, "weight")
    assert levels.tolist() == [0, 1, 255, 0, 0, 128]


def test_marks_are_the_same_in_all_frames_or_those_of_each() -> None:
    still = marks([2, 0], 3, 4)
    assert still["marked"].tolist() == [2, 0] and not still["marked_from"].size
    moving = marks([[1, 2], [], [0]], 3, 3)
    assert moving["marked"].tolist() == [1, 2, 0]
    assert moving["marked_from"].tolist() == [0, 2, 2, 3]
    assert marks([[], []], 3, 2)["marked_from"].tolist() == [0, 0, 0]


def test_arrivals_travel_as_small_whole_numbers() -> None:
    assert arrival_frames(None, 3, 5, "born").size == 0
    frames = arrival_frames([0, 4, 4], 3, 5, "born")
    assert frames.dtype == np.uint16 and frames.tolist() == [0, 4, 4]


def test_presence_travels_frame_by_frame_and_is_empty_where_all_are_there() -> None:
    assert _presence(None, 2, 3).size == 0
    assert _presence([0, 1, 2], 2, 3).tolist() == [0, 1, 2, 0, 1, 2]
    assert _presence([[2, 2, 2], [0, 2, 1]], 2, 3).tolist() == [2, 2, 2, 0, 2, 1]
