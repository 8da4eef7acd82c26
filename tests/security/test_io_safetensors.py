"""Malformed safetensors files are refused before a tensor is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load, save

from engine.core import BadInput
from engine.io.safetensors_check import check_safetensors

GOOD = save(
    {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros((0, 2), np.int8)},
    {"format": "np"},
)


def file(header: Any, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + body


def one(
    dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8), **more: Any
) -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets, **more}}


BAD = {
    "empty": (b"", "0 bytes are too few"),
    "seven bytes": (b"1234567", "too few"),
    "huge header": (file(one(), bytes(8), 2**62), "larger than 1 MB"),
    "header over file": (file(one(), b"", 900_000), "longer than the file"),
    "not JSON": (file(b"{'a': 1}"), "not valid JSON"),
    "not UTF-8": (file(b'{"\xff": 1}'), "not valid JSON"),
    "UTF-16": (file(json.dumps(one()).encode("utf-16-le"), bytes(8)), "not valid JSON in UTF-8"),
    "byte order mark": (file(b"\xef\xbb\xbf" + json.dumps(one()).encode(), bytes(8)), "not valid"),
    "half a character": (file({**one(), "\ud800": one()["a"]}, bytes(8)), "not valid JSON"),
    "half a character in a note": (
        file({**one(), "__metadata__": {"x": "\udfff"}}, bytes(8)), "half a character",
    ),
    "sizes that overflow": (
        file(one(shape=(2**40,) * 7 + (0,), offsets=(0, 0))), "product of its sizes is larger",
    ),
    "NaN": (file(b'{"a": NaN}'), "not valid JSON"),
    "deep": (file(b"[" * 200_000), "not valid JSON"),
    "twice": (file(b'{"a": {}, "a": {}}'), "not valid JSON"),
    "a list": (file([]), "not a JSON object"),
    "metadata of numbers": (file({"__metadata__": {"a": 1}}), "texts only"),
    "no dtype": (file({"a": {"shape": [2], "data_offsets": [0, 8]}}, bytes(8)), "lacks"),
    "extra key": (file(one(code="x"), bytes(8)), "lacks"),
    "object dtype": (file(one("O"), bytes(8)), "allowed are"),
    "list dtype": (file(one(["F32"]), bytes(8)), "allowed are"),
    "complex": (file(one("C64", (1,)), bytes(8)), "allowed are"),
    "negative size": (file(one(shape=(-2,)), bytes(8)), "no proper shape"),
    "boolean size": (file(one("F64", (True,)), bytes(8)), "no proper shape"),
    "float size": (file(one(shape=(2.0,)), bytes(8)), "no proper shape"),
    "giant": (file(one(shape=(2**41,), offsets=(0, 2**43))), "no proper shape"),
    "many dimensions": (file(one(shape=(1,) * 9, offsets=(0, 4)), bytes(4)), "no proper shape"),
    "giant within bounds": (file(one(shape=(2**36,), offsets=(0, 2**38))), "was cut off"),
    "backwards": (file(one(offsets=(8, 0)), bytes(8)), "do not fit"),
    "three offsets": (file(one(offsets=(0, 4, 8)), bytes(8)), "no proper offsets"),
    "wrong length": (file(one(offsets=(0, 4)), bytes(4)), "do not fit"),
    "gap": (file(one(offsets=(4, 12)), bytes(12)), "gap or overlaps"),
    "overlap": (
        file({**one(), "b": one(offsets=(4, 12))["a"]}, bytes(12)), "gap or overlaps",
    ),
    "cut off": (GOOD[:-1], "was cut off"),
    "trailing": (GOOD + b"x", "1 bytes at the end"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_malformed_files_get_one_sentence(name: str, tmp_path: Path) -> None:
    data, words = BAD[name]
    path = tmp_path / "file"
    path.write_bytes(data)
    for source in (data, path):
        with pytest.raises(BadInput, match=words) as caught:
            check_safetensors(source, field="weights")
        assert str(caught.value).startswith("weights: ") and "\n" not in str(caught.value)


def test_a_good_file_is_described() -> None:
    found = check_safetensors(GOOD)
    assert {name: (info.dtype, info.shape) for name, info in found.items()} == {
        "a": ("F32", (2, 3)),
        "b": ("I8", (0, 2)),
    }


def test_size_and_absence_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="at most 1e-05 MB"):
        check_safetensors(GOOD, max_bytes=10)
    with pytest.raises(BadInput, match="cannot be read"):
        check_safetensors(tmp_path / "absent")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, len(GOOD)))
def test_damaged_files_are_refused_or_still_sound(position: int, value: int, length: int) -> None:
    data = bytearray(GOOD)
    data[position] = value
    for damaged in (bytes(data), GOOD[:length]):
        try:
            declared = check_safetensors(damaged)
        except BadInput:
            continue
        # What passes the door must not surprise the real reader.
        try:
            arrays = load(damaged)
        except SafetensorError:
            pytest.fail("the reader refuses what the check allowed")
        assert {name: array.shape for name, array in arrays.items()} == {
            name: info.shape for name, info in declared.items()
        }
