"""The ``formats`` and ``quantize`` commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.core import BadInput
from engine.labs.kv_cache.commands_formats import formats, quantize
from engine.labs.kv_cache.formats import EXAMPLES, parse_format


def test_formats_lists_everything_as_json() -> None:
    table = json.loads(json.dumps(formats([])))
    assert [row["id"] for row in table["formats"]] == list(EXAMPLES)
    assert all(0 < row["bits_key"] <= 32 for row in table["formats"])
    kivi = next(row for row in table["formats"] if row["id"] == "kivi-2:g32:r128")
    assert kivi["bits_per_value"] == (kivi["bits_key"] + kivi["bits_value"]) / 2
    assert table["orders"][:2] == ["none", "in-head:w-norm"]
    assert {"pattern", "example", "parameters", "meaning"} <= set(table["families"][0])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_quantize_writes_what_the_format_gives(tmp_path: Path, dtype: str) -> None:
    x = np.random.default_rng(0).standard_normal((3, 40, 64)).astype(dtype)
    np.save(tmp_path / "x.npy", x)
    arguments = ["--input", str(tmp_path / "x.npy"), "--output", str(tmp_path / "y.npy")]
    row = quantize([*arguments, "--format", "int4:head", "--head-dim", "16", "--role", "value"])
    y = np.load(tmp_path / "y.npy", allow_pickle=False)
    assert y.dtype == x.dtype
    expected = parse_format("int4:token:head").fake_quantize(x, head_dim=16, role="value")
    np.testing.assert_array_equal(y, expected)
    assert row["format"] == "int4:token:head"
    assert row["shape"] == [3, 40, 64]
    assert row["bits_per_value"] == 6
    error = y.astype(np.float64) - x
    relative = np.sqrt(np.square(error).sum() / np.square(x.astype(np.float64)).sum())
    assert row["relative_rmse"] == pytest.approx(relative)
    assert row["max_abs_error"] == pytest.approx(np.abs(error).max())
    assert row["sqnr_db"] == pytest.approx(-20 * np.log10(relative))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.npy", "y.npy"]


def test_metrics_of_exact_and_zero_tensors(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((4, 32), np.float32))
    row = quantize(f"--input {tmp_path}/x.npy --format mxfp4 --output {tmp_path}/y.npy".split())
    assert (row["relative_rmse"], row["max_abs_error"], row["sqnr_db"]) == (0.0, 0.0, None)
    json.dumps(row, allow_nan=False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"--input": "missing.npy"}, "input"),
        ({"--format": "bfp9"}, "format"),
        ({"--output": "no/such/folder/y.npy"}, "output"),
        ({"--head-dim": "x"}, "--head-dim"),
        ({"--head-dim": "65"}, "head_dim"),
        ({"--role": "query"}, "--role"),
        ({"--unknown": "1"}, "--unknown"),
        ({"--format": None}, "command line"),
    ],
)
def test_bad_arguments_are_one_sentence(
    tmp_path: Path, change: dict[str, str | None], field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.zeros((4, 64), np.float32))
    options = {"--input": "x.npy", "--format": "bfp12", "--output": "y.npy", **change}
    argv = [part for key, value in options.items() if value is not None for part in (key, value)]
    with pytest.raises(BadInput) as caught:
        quantize(argv)
    assert caught.value.field == field
    assert "\n" not in str(caught.value)
    assert not Path("y.npy").exists()


def test_a_vector_is_one_token(tmp_path: Path) -> None:
    x = np.array([1.0, 0.1, -0.3, 1.99], np.float32)
    np.save(tmp_path / "x.npy", x)
    row = quantize(f"--input {tmp_path}/x.npy --format bfp12:b4 --output {tmp_path}/y.npy".split())
    assert np.load(tmp_path / "y.npy", allow_pickle=False).tolist() == [1.0, 0.0, -0.25, 1.75]
    assert (row["shape"], row["bits_per_value"]) == ([4], 6.0)


def test_a_number_and_a_nan_are_named_as_input(tmp_path: Path) -> None:
    for i, x in enumerate((np.array(1.0, np.float32), np.full((2, 2), np.nan, np.float32))):
        path = tmp_path / f"{i}.npy"
        np.save(path, x)
        with pytest.raises(BadInput) as caught:
            quantize(["--input", str(path), "--format", "fp16", "--output", f"{tmp_path}/y.npy"])
        assert caught.value.field == "input"
