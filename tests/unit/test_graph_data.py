"""What the graph component refuses, and how its numbers travel."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.core import BadInput
from engine.figures.palette import Palette
from pages.kit.components.graph import EdgeKind, NodeKind, _levels, _positions, graph

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
        ({"edge_kind": [0]}, "edge_kind: needs 2 numbers"),
        ({"weight": [1, 2]}, "weight: has shape"),
        ({"weight": [1, -1, 0]}, "weight: must be finite and not negative"),
        ({"flow": [np.inf, 0]}, "flow: must be finite"),
        ({"readouts": {"mass": ([1.0], "1")}}, "readouts: mass has shape"),
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


def test_levels_never_hide_what_is_not_zero() -> None:
    levels = _levels([[0, 1e-9, 1], [0, 0, 0.5]], 2, 3, "weight")
    assert levels.tolist() == [0, 1, 255, 0, 0, 128]
