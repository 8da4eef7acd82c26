"""Formats against their scalar twins and against element grids of an independent program."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.formats.minifloat import E2M1, E2M3, E3M2, E4M3, E5M2, MiniFloat

_spec = importlib.util.spec_from_file_location(
    "scalar_formats", Path(__file__).with_name("scalar_formats.py")
)
assert _spec and _spec.loader
scalar = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(scalar)


def samples() -> np.ndarray:
    """[48, 64]: normal, graded, tied, tiny, huge, zero and lopsided rows."""
    draw = np.random.default_rng(7)
    x = draw.standard_normal((48, 64)) * np.exp(draw.standard_normal(64))
    x[1] = 0.0
    x[2] *= 1e-38
    x[3] *= 1e-41
    x[4] *= 1e30
    x[5] = np.round(x[5] * 4) / 8
    x[6] = np.abs(x[6])
    x[7] = 3.25
    x[8, ::2] = -0.0
    x[9] = np.arange(64) / 4 - 8
    x[10, 0] = 3e38
    x[11] *= 1e5
    x[12] = draw.choice([-1.75, -0.125, 0.125, 0.375, 1.99], 64)
    return x.astype(np.float32)


def by_blocks(x: np.ndarray, size: int, twin: Callable[[list[float]], list[float]]) -> np.ndarray:
    """Apply a scalar routine to consecutive blocks of each row."""
    rows = []
    for row in x:
        out: list[float] = []
        for first in range(0, len(row), size):
            out += twin([float(v) for v in row[first : first + size]])
        rows.append(out)
    return np.array(rows, dtype=np.float32)


@pytest.mark.parametrize("bits", [2, 3, 4, 5, 6, 8, 12, 16])
@pytest.mark.parametrize("size", [4, 24, 32, 128])
def test_bfp(bits: int, size: int) -> None:
    """Also where the last block of a row is shorter."""
    x = samples()
    expected = by_blocks(x, size, lambda block: scalar.bfp_block(block, bits))
    np.testing.assert_array_equal(parse_format(f"bfp{bits + 8}:b{size}").fake_quantize(x), expected)


def test_bfp_asymmetric() -> None:
    x = samples()
    expected = by_blocks(x, 32, lambda block: scalar.bfp_block(block, 4, asym=True))
    np.testing.assert_array_equal(parse_format("bfp12:b32:asym").fake_quantize(x), expected)


MX = {
    "mxfp8-e4m3": "e4m3",
    "mxfp8-e5m2": "e5m2",
    "mxfp6-e2m3": "e2m3",
    "mxfp6-e3m2": "e3m2",
    "mxfp4": "e2m1",
}


@pytest.mark.parametrize("name", MX)
def test_microscaling_floats(name: str) -> None:
    x = samples()
    expected = by_blocks(x, 32, lambda block: scalar.mx_block(block, MX[name]))
    np.testing.assert_array_equal(parse_format(name).fake_quantize(x), expected)


@pytest.mark.parametrize("grid", [E4M3, E5M2, E2M3, E3M2, E2M1], ids=lambda g: g.name)
def test_element_grids(grid: MiniFloat) -> None:
    """Every code decodes, and every number rounds, as in ml_dtypes."""
    dtype, top, emax = scalar.ELEMENTS[grid.name]
    assert (grid.top, grid.emax) == (top, emax)
    codes = np.arange(2**grid.bits)
    theirs = codes.astype(np.uint8).view(dtype).astype(np.float32)
    finite = np.isfinite(theirs)
    np.testing.assert_array_equal(grid.decode(codes)[finite], theirs[finite])
    draw = np.random.default_rng(3)
    values = np.concatenate(
        (
            draw.standard_normal(20_000) * np.exp(draw.standard_normal(20_000) * 4),
            grid.grid,
            (grid.grid[1:] + grid.grid[:-1]) / 2,
            np.nextafter(((grid.grid[1:] + grid.grid[:-1]) / 2).astype(np.float32), np.float32(9)),
        )
    ).astype(np.float32)
    expected = np.clip(values, -top, top).astype(dtype).astype(np.float32)
    np.testing.assert_array_equal(grid.decode(grid.encode(values)), expected)


@pytest.mark.parametrize("grid", [E4M3, E5M2], ids=lambda g: g.name)
def test_fp8_scale_one(grid: MiniFloat) -> None:
    x = samples()
    dtype, top, _ = scalar.ELEMENTS[grid.name]
    expected = np.clip(x, -top, top).astype(dtype).astype(np.float32)
    np.testing.assert_array_equal(parse_format(f"fp8-{grid.name}").fake_quantize(x), expected)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_integers(bits: int) -> None:
    x = samples()
    asym = by_blocks(x, 16, lambda group: scalar.int_asym_group(group, bits))
    np.testing.assert_array_equal(parse_format(f"int{bits}:token:g16").fake_quantize(x), asym)
    heads = parse_format(f"int{bits}:token:head").fake_quantize(x, head_dim=16)
    np.testing.assert_array_equal(heads, asym)
    sym = by_blocks(x, 64, lambda group: scalar.int_sym_group(group, bits))
    np.testing.assert_array_equal(parse_format(f"int{bits}:token:sym").fake_quantize(x), sym)
    columns = by_blocks(x.T.copy(), 20, lambda group: scalar.int_asym_group(group, bits)).T
    np.testing.assert_array_equal(parse_format(f"int{bits}:channel:g20").fake_quantize(x), columns)


def test_kivi_is_per_channel_keys_per_token_values_and_an_exact_window() -> None:
    x = samples()[:, :32]
    kivi = parse_format("kivi-2:g8:r16")
    window = x.clip(-65504, 65504).astype(np.float16).astype(np.float32)
    keys = by_blocks(x[:48].T.copy(), 8, lambda group: scalar.int_asym_group(group, 2)).T
    np.testing.assert_array_equal(kivi.fake_quantize(x, role="key"), keys)
    tail = kivi.fake_quantize(x[:40], role="key")
    np.testing.assert_array_equal(tail, np.concatenate((keys[:32], window[32:40])))
    values = by_blocks(x, 8, lambda group: scalar.int_asym_group(group, 2))
    expected = np.concatenate((values[:32], window[32:]))
    np.testing.assert_array_equal(kivi.fake_quantize(x, role="value"), expected)


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("q4_0", lambda block: scalar.q4_0_block(block, 4)),
        ("q5_0", lambda block: scalar.q4_0_block(block, 5)),
        ("q4_1", lambda block: scalar.q4_1_block(block, 4)),
        ("q5_1", lambda block: scalar.q4_1_block(block, 5)),
        ("q8_0", lambda block: scalar.q8_0_block(block)),
    ],
)
def test_llama_cpp_types(name: str, twin: Callable[[list[float]], list[float]]) -> None:
    """Within the range that C code handles; saturation is tested in the conformance suite."""
    x = samples()[np.r_[0:2, 5:10, 12:48]]
    np.testing.assert_array_equal(parse_format(name).fake_quantize(x), by_blocks(x, 32, twin))


def test_nvfp4() -> None:
    x = samples()[np.r_[0:4, 5:10, 12:48]][:, :56]
    np.testing.assert_array_equal(parse_format("nvfp4").fake_quantize(x), scalar.nvfp4_matrix(x))


def test_bfloat16_and_half() -> None:
    import ml_dtypes

    x = samples()
    limit = float(ml_dtypes.finfo(ml_dtypes.bfloat16).max)
    expected = x.clip(-limit, limit).astype(ml_dtypes.bfloat16).astype(np.float32)
    np.testing.assert_array_equal(parse_format("bf16").fake_quantize(x), expected)
    expected = x.clip(-65504, 65504).astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(parse_format("fp16").fake_quantize(x), expected)


def test_hadamard_is_the_matrix_product() -> None:
    from scipy.linalg import hadamard as matrix

    from engine.labs.kv_cache.formats.hadamard import rotate_heads

    x = np.random.default_rng(0).standard_normal((5, 48)).astype(np.float32)
    h = matrix(16) / 4.0
    expected = np.concatenate([x[:, i : i + 16] @ h for i in (0, 16, 32)], axis=1)
    np.testing.assert_allclose(rotate_heads(x, 16), expected, atol=1e-5)


def test_hqq_lowers_the_error_it_optimises() -> None:
    """The p < 1 error of its best zero point is below that of plain rounding at the start."""
    draw = np.random.default_rng(5)
    x = (draw.standard_normal((64, 64)) * np.exp(draw.standard_normal((64, 1)))).astype(np.float32)
    x[:, 3] *= 12
    optimised = np.abs(parse_format("hqq3:g64").fake_quantize(x) - x).mean()
    plain = np.abs(parse_format("int3:token:g64").fake_quantize(x) - x).mean()
    assert optimised < plain
