"""What the canvas components are given: packed arrays, grids, and one value with two masters."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
import streamlit as st

from engine.core import BadInput
from engine.figures import Palette
from pages.kit.components.matrix import Selection, _as_list, _plane, matrix
from pages.kit.components.microscope import Block, Grid, microscope
from pages.kit.components.payload import pack
from pages.kit.components.sync import UNSET, reconcile

MATRIX = {
    "key": "m",
    "palette": Palette.light(),
    "title": "t",
    "row_title": "Token",
    "column_title": "Channel",
}
SCOPE = {"key": "s", "palette": Palette.light(), "grid": Grid.bfp(4), "title": "t"}


def test_packed_arrays_lie_where_the_header_says() -> None:
    arrays = {"a": np.arange(3, dtype=np.uint8), "b": np.array([1.5, -2.5], np.float32)}
    raw = pack({"title": "é"}, arrays)
    (length,) = struct.unpack_from("<I", raw)
    header = json.loads(raw[4 : 4 + length])
    assert header["title"] == "é"
    for described in header["arrays"]:
        start = 4 + length + described["offset"]
        assert start % 8 == 0
        found = np.frombuffer(raw, described["dtype"], described["length"], start)
        np.testing.assert_array_equal(found, arrays[described["name"]])


def test_a_large_readout_keeps_five_digits_in_two_bytes() -> None:
    values = np.random.default_rng(0).normal(size=(300, 300))
    values[0, 0] = np.nan
    codes, described = _plane("error", values, (1, 300, 300))
    assert codes.dtype == np.uint16
    assert codes[0, 0] == 65535
    back = described["low"] + codes * described["step"]
    assert np.nanmax(np.abs(back - values)[1:]) <= described["step"] / 2 * 1.001


def test_a_readout_that_is_constant_along_rows_is_sent_once() -> None:
    steps = np.broadcast_to(np.arange(300.0)[:, None], (300, 300))
    codes, described = _plane("step", steps, (2, 300, 300))
    assert (codes.shape, described["columns"]) == ((300, 1), False)


@pytest.mark.parametrize(
    ("values", "change", "sentence"),
    [
        ({"a": np.zeros((2, 2)), "b": np.zeros((2, 3))}, {}, "values: all panels need one shape"),
        (np.zeros(4), {}, "values: must be .rows, columns."),
        (np.zeros((1000, 1000)), {}, "values: 1000000 cells are more than 786432"),
        (np.zeros((2, 2)), {"row_labels": ["a"]}, "row_labels: needs 2 labels"),
        (np.zeros((2, 2)), {"readouts": {"x": np.zeros(3)}}, "readouts: x has shape"),
    ],
)
def test_matrix_refuses_what_it_cannot_draw(values, change, sentence) -> None:
    with pytest.raises(BadInput, match=sentence):
        matrix(values, **{**MATRIX, **change})


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Grid.bfp(1), "n: must be between 2 and 12 bits"),
        (lambda: Grid.integer(9, symmetric=True), "bits: must be between 2 and 8"),
        (lambda: Grid("g", (0, 1, 1), "fixed", 2, 0), "codes: must rise"),
        (lambda: Grid("g", (0, 1), "fixed", 2, 0, scale=0), "scale: must be positive"),
        (lambda: microscope([1.0, np.inf], **SCOPE), "values: must be 1 to 256 finite numbers"),
        (lambda: microscope(Block(()), **SCOPE), "values: must be 1 to 256 finite numbers"),
        (lambda: microscope([1.0], size=0, **SCOPE), "size: must be at least 1"),
        (lambda: microscope([1.0], labels=[], **SCOPE), "labels: needs 1 labels"),
    ],
)
def test_microscope_refuses_what_it_cannot_draw(call, sentence) -> None:
    with pytest.raises(BadInput, match=sentence):
        call()


def test_bfp12_has_the_codes_of_its_definition() -> None:
    grid = Grid.bfp(4)
    assert grid.codes == tuple(range(-7, 8))
    assert (grid.name, grid.emax, grid.code_bits, grid.scale_bits) == ("BFP12", 2, 4, 8)


def test_a_choice_outside_the_matrix_is_none() -> None:
    assert _as_list(Selection(5, 0), (1, 5, 4)) is None
    assert _as_list((4, 3), (1, 5, 4)) == [0, 4, 3]


def test_page_and_component_share_one_value() -> None:
    key = "shared"

    def reported(value: object, count: int) -> None:
        st.session_state[key] = {"selected": {"value": value, "count": count}}

    # The page's first value is pushed once, and not again while it stays.
    assert reconcile(key, "selected", [1]) == ([1], {"value": [1], "number": 1})
    assert reconcile(key, "selected", [1]) == ([1], {"value": [1], "number": 1})
    # A fresh report wins over the page's older value; nothing is sent back.
    reported([2], 100)
    assert reconcile(key, "selected", [1]) == ([2], {"value": [1], "number": 1})
    assert reconcile(key, "selected", [2]) == ([2], {"value": [1], "number": 1})
    # The page may insist, and the component may then report the same cell as before.
    assert reconcile(key, "selected", [1]) == ([1], {"value": [1], "number": 2})
    reported([2], 200)
    assert reconcile(key, "selected", [1])[0] == [2]
    # Left alone, the component keeps what it has.
    assert reconcile(key, "selected", UNSET) == ([2], {"value": [1], "number": 2})
    # Taken off the page and put back, it goes on showing what it showed.
    del st.session_state[key]
    assert reconcile(key, "selected", UNSET) == ([2], {"value": [2], "number": 3})
    assert reconcile(key, "selected", [2]) == ([2], {"value": [2], "number": 3})


def test_another_thing_under_the_same_key_is_told_the_value_again() -> None:
    key = "anew"
    assert reconcile(key, "frame", 7, "a") == (7, {"value": 7, "number": 1})
    assert reconcile(key, "frame", 7, "a") == (7, {"value": 7, "number": 1})
    assert reconcile(key, "frame", 7, "b") == (7, {"value": 7, "number": 2})
    assert reconcile(key, "frame", 7, "b") == (7, {"value": 7, "number": 2})
    assert reconcile(key, "frame", UNSET, "c") == (7, {"value": 7, "number": 2})
