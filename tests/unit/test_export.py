"""Results as archives and tables."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from engine.core import Field, LimitExceeded, Result
from engine.store.export import field_table, to_csv, to_npz, to_parquet

FIELD = Field(np.arange(6, dtype=np.float32).reshape(2, 3) / 4, ("layer", "head"), "pJ")


def test_a_table_has_a_row_per_value() -> None:
    table = field_table(FIELD, "energy")
    assert list(table.columns) == ["layer", "head", "energy [pJ]"]
    for row in table.itertuples(index=False):
        assert row[2] == FIELD.array[row[0], row[1]]
    assert len(table) == 6
    scalar = field_table(Field(np.array(2.5), (), "V"))
    assert scalar.to_dict("list") == {"value [V]": [2.5]}


def test_a_table_is_not_endless() -> None:
    with pytest.raises(LimitExceeded, match="take the npz file"):
        field_table(Field(np.zeros((2001, 1000), np.uint8), ("a", "b")))


def test_csv_and_parquet_read_back() -> None:
    table = field_table(FIELD, "energy")
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(to_csv(table))), table, check_dtype=False)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(to_parquet(table))), table)


def test_csv_texts_are_inert_in_a_spreadsheet() -> None:
    table = pd.DataFrame({"=1+1": ["=HYPERLINK(1)", "+1", "@x", "-y", "plain"], "n": [-1.5] * 5})
    back = pd.read_csv(io.BytesIO(to_csv(table)))
    assert list(back.columns) == ["'=1+1", "n"]
    assert list(back["'=1+1"]) == ["'=HYPERLINK(1)", "'+1", "'@x", "'-y", "plain"]
    assert list(back["n"]) == [-1.5] * 5
    assert list(table.columns) == ["=1+1", "n"]  # the caller's table stays as it is


def test_npz_holds_every_field_under_a_safe_name() -> None:
    result = Result({"energy": FIELD, "../x": Field(np.array([True]), ("n",))})
    with np.load(io.BytesIO(to_npz(result))) as arrays:
        assert sorted(arrays.files) == [".._x", "energy"]
        np.testing.assert_array_equal(arrays["energy"], FIELD.array)
