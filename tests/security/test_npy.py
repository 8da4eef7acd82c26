"""Files from strangers: every malformed .npy gets one sentence and no data is trusted."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.core import BadInput
from engine.io.npy import load_npy


def saved(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def header(text: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    body = text.encode("latin1")
    return b"\x93NUMPY" + version + struct.pack("<H", len(body)) + body + data


GOOD = saved(np.arange(12, dtype=np.float32).reshape(3, 4))
PICKLED = (
    b"\x93NUMPY\x01\x00"
    + struct.pack("<H", 60)
    + (b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(59) + b"\n")
    + b"cos\nsystem\n(S'touch /tmp/owned'\ntR."
)

BAD = {
    "empty": b"",
    "text": b"hello, this is not an array",
    "magic alone": GOOD[:6],
    "half a header": GOOD[:40],
    "truncated data": GOOD[:-5],
    "data left over": GOOD + b"1234",
    "pickled objects": PICKLED,
    "whole numbers": saved(np.arange(4)),
    "booleans": saved(np.ones((2, 2), bool)),
    "complex": saved(np.ones((2, 2), complex)),
    "strings": saved(np.array(["a", "b"])),
    "records": saved(np.zeros(2, dtype=[("a", "f4")])),
    "a scalar": saved(np.float32(3)),
    "no values": saved(np.zeros((0, 4), np.float32)),
    "NaN": saved(np.array([[1, np.nan]], np.float32)),
    "infinity": saved(np.array([[1, np.inf]], np.float64)),
    "huge declared": header(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 1024), }\n"
    ),
    "overflowing shape": header(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%s, 4), }\n" % ("9" * 40)
    ),
    "negative shape": header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4), }\n"),
    "nine axes": saved(np.zeros((1,) * 9, np.float32)),
    "code in the header": header("__import__('os').system('true')\n"),
    "deep header": header("[" * 5000 + "]" * 5000 + "\n"),
    "version 9": header("{}\n", version=b"\x09\x00"),
    "zip": b"PK\x03\x04" + bytes(200),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(BAD[name])
    with pytest.raises(BadInput) as caught:
        load_npy(path)
    assert caught.value.field == "input"
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.npy", tmp_path):
        with pytest.raises(BadInput, match="there is no file"):
            load_npy(path, field="tensor")


def test_size_cap_counts_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(GOOD)
    with pytest.raises(BadInput, match="at most 40"):
        load_npy(path, max_bytes=40)


@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_good_files_come_back(tmp_path: Path, dtype: str, order: str) -> None:
    x = np.random.default_rng(0).standard_normal((3, 5, 4)).astype(dtype)
    path = tmp_path / "x.npy"
    path.write_bytes(saved(np.asarray(x, order=order)))  # type: ignore[call-overload]
    y = load_npy(path)
    np.testing.assert_array_equal(y, x)
    assert y.dtype.isnative
    assert y.flags.c_contiguous
    assert y.flags.writeable


def test_non_finite_on_request(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(BAD["NaN"])
    assert np.isnan(load_npy(path, finite=False)).any()
