"""Archives of arrays from strangers: the index is judged before a member is unpacked."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core import BadInput
from engine.io.npz import load_npz, pack_npz


def saved(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def npy(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


ROWS = np.random.default_rng(0).standard_normal((5, 3))
GOOD = saved(a=ROWS.astype(np.float16), b=(ROWS * 50).astype(np.int8))


def marked(local: int, central: int, value: int) -> bytes:
    """GOOD with a byte of its first member's two headers changed."""
    data = bytearray(GOOD)
    data[data.find(b"PK\x03\x04") + local] = value
    data[data.find(b"PK\x01\x02") + central] = value
    return bytes(data)


BAD = {
    "empty": b"",
    "text": b"hello",
    "a bare array": npy(ROWS),
    "cut off": GOOD[: len(GOOD) // 2],
    "its end alone": GOOD[-40:],
    "flipped data": GOOD[:60] + bytes([GOOD[60] ^ 255, GOOD[61] ^ 255]) + GOOD[62:],
    "no arrays": zipped({}),
    "a script": zipped({"a.py": b"print()"}),
    "a folder": zipped({"a.npy/": b""}),
    "no array inside": zipped({"a.npy": b"hello"}),
    "objects": zipped({"a.npy": npy(np.array([{}], dtype=object), allow_pickle=True)}),
    "texts": zipped({"a.npy": npy(np.array(["a"]))}),
    "NaN": saved(a=np.array([[np.nan]])),
    "whole numbers of 64 bits": saved(a=np.arange(3)),
    "bomb": zipped({"a.npy": bytes(50_000_000)}),
    "too many": zipped({f"{i}.npy": npy(ROWS) for i in range(65)}),
    "encrypted": marked(6, 8, 1),
    "unknown packing": marked(8, 10, 99),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_archives_get_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.npz").write_bytes(BAD[name])
    for source in (BAD[name], tmp_path / "x.npz"):
        with pytest.raises(BadInput) as caught:
            load_npz(source)
        assert caught.value.field == "vectors"
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 250


def test_good_arrays_come_back(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(GOOD)
    for source in (GOOD, tmp_path / "x.npz", str(tmp_path / "x.npz")):
        found = load_npz(source)
        np.testing.assert_array_equal(found["a"], ROWS.astype(np.float16))
        np.testing.assert_array_equal(found["b"], (ROWS * 50).astype(np.int8))


def test_the_size_is_capped_before_reading() -> None:
    big = saved(a=np.random.default_rng(0).random((1000, 100)))
    with pytest.raises(BadInput, match="at most"):
        load_npz(big, max_bytes=100_000)


def test_missing_files_are_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.npz"):
        with pytest.raises(BadInput, match="there is no file"):
            load_npz(path, field="file")


def test_names_of_members_never_reach_the_disk(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(load_npz(zipped({"../../x.npy": npy(ROWS)}))) == ["../../x"]
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_flipped_byte_gives_arrays_or_a_sentence(place: int, mask: int) -> None:
    data = bytearray(GOOD)
    data[place] ^= mask
    try:
        load_npz(bytes(data))
    except BadInput as error:
        assert error.field == "vectors"


def test_what_is_packed_here_is_read_whatever_it_holds() -> None:
    draw = np.random.default_rng(0)
    arrays = {
        "still": np.zeros((300_000, 3), dtype=np.float32),
        "steps": np.repeat(draw.standard_normal(4000), 100),
        "noise": draw.standard_normal((500, 3)).astype(np.float16),
        "rate": np.float64(20),
    }
    packed = pack_npz(arrays)
    found = load_npz(packed, scalars=True)
    for name, array in np.load(io.BytesIO(packed)).items():
        np.testing.assert_array_equal(array, arrays[name])
        np.testing.assert_array_equal(found[name], arrays[name])
    assert found["rate"].shape == ()
    with pytest.raises(BadInput, match="'rate' must have 1 to 8 axes, not 0"):
        load_npz(packed)
