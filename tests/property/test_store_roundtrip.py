"""Any numbers, any names: what goes into the store comes out again."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.core import Field, Result
from engine.store.folder import load_folder, save_folder

DTYPES = st.sampled_from(
    ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", ">f4", ">i8"]
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
NAMES = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12).filter(
    lambda name: name != "__metadata__"
)
NOTES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(NAMES, st.tuples(ARRAYS, NAMES), max_size=3),
    st.dictionaries(NAMES, st.floats(allow_nan=False) | st.integers() | NAMES, max_size=3),
    st.dictionaries(NAMES, NOTES, max_size=3),
)
def test_results_survive_the_disk(arrays: dict, metrics: dict, notes: dict) -> None:
    fields = {
        name: Field(array, tuple(f"axis {index}" for index in range(array.ndim)), unit)
        for name, (array, unit) in arrays.items()
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "result"
        save_folder(folder, Result(fields, metrics, notes), {"seed": 1})
        loaded, manifest = load_folder(folder)
    assert manifest["seed"] == 1
    assert (loaded.metrics, loaded.notes) == (metrics, notes)
    assert list(loaded.fields) == list(fields)
    for name, field in fields.items():
        assert (loaded[name].axes, loaded[name].unit) == (field.axes, field.unit)
        assert loaded.array(name).shape == field.array.shape
        native = field.array.astype(field.array.dtype.newbyteorder("="))
        assert loaded.array(name).dtype == native.dtype
        assert np.ascontiguousarray(loaded.array(name)).tobytes() == native.tobytes()
