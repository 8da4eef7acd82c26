"""Packed tensor files come back byte for byte, and strange ones are refused."""

from __future__ import annotations

import lzma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import save

from engine.core.packing import pack, unpack

KINDS = st.sampled_from(["u1", "i1", "?", "<f2", "<i2", "<f4", "<i4", "<f8", "<i8"])
SHAPES = st.one_of(
    arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5), st.just(3)),
)


@given(st.lists(st.tuples(KINDS, SHAPES, st.integers(0, 2**32 - 1)), max_size=4))
@settings(max_examples=60, deadline=None)
def test_every_file_comes_back(tensors: list[tuple[str, tuple[int, ...], int]]) -> None:
    made = {}
    for at, (kind, shape, seed) in enumerate(tensors):
        noise = np.random.default_rng(seed).integers(0, 256, (*shape, np.dtype(kind).itemsize))
        raw = np.ascontiguousarray(noise.astype(np.uint8))
        made[f"t{at}"] = (raw & 1 if kind == "?" else raw).view(kind).reshape(shape)
    data = save(made)
    assert unpack(pack(data), len(data)) == data


def test_smooth_pictures_become_smaller_than_by_xz_alone() -> None:
    y, x = np.mgrid[0:32, 0:32]
    wave = np.sin((x + 2 * y)[None, ..., None] / np.arange(5, 21).reshape(16, 1, 1, 1))
    pictures = (127 + 120 * wave * np.array([1.0, 0.9, 0.8])).astype(np.uint8)
    data = save({"pictures": pictures, "curve": np.linspace(0, 1, 4000, dtype=np.float32)})
    assert len(pack(data)) < 0.8 * len(lzma.compress(data, preset=9))


@pytest.mark.parametrize("cut", [0, 5, 40])
def test_a_file_that_was_cut_or_names_other_places_is_refused(cut: int) -> None:
    data = save({"a": np.arange(12, dtype=np.float32)})
    packed = pack(data)
    with pytest.raises(ValueError, match="packed file"):
        unpack(packed[:cut], len(data))
    with pytest.raises(ValueError, match="packed file"):
        unpack(packed, len(data) - 1)
    moved = data.replace(b'"data_offsets":[0,48]', b'"data_offsets":[0,99]')
    with pytest.raises(ValueError, match="packed file"):
        unpack(len(moved).to_bytes(8, "little") + lzma.compress(moved), len(moved))
