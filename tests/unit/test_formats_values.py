"""Hand-made cases, true bits, bad tensors, calibration and the quick routines."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.core import BadInput
from engine.labs.kv_cache.formats import fast, parse_format
from engine.labs.kv_cache.formats.minifloat import E2M1, E4M3, E5M2


def test_the_block_of_the_definition() -> None:
    """e = 0, step 0.25: 1.0, 0, -0.25 and the clipped 1.75."""
    x = np.array([[1.0, 0.1, -0.3, 1.99]], dtype=np.float32)
    info = parse_format("bfp12:b4").inspect(x)
    np.testing.assert_array_equal(info.value, [[1.0, 0.0, -0.25, 1.75]])
    np.testing.assert_array_equal(info.code, [[4, 0, -1, 7]])
    assert (info.step == 0.25).all()
    assert (info.exponent == 0).all()
    np.testing.assert_array_equal(info.clipped, [[False, False, False, True]])
    assert info.saturated_blocks == 0


def test_ties_go_to_even_and_subnormal_blocks_saturate() -> None:
    x = np.array([[4, 0.5, 1.5, 2.5], [1e-40, 0, 0, 0]], dtype=np.float32)
    info = parse_format("bfp12:b4").inspect(x)
    np.testing.assert_array_equal(info.value[0], [4, 0, 2, 2])
    assert info.saturated_blocks == 1
    assert info.exponent[1, 0] == -126


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("fp32", 32),
        ("fp16", 16),
        ("bfp12:b128", 4.0625),
        ("bfp12:b64", 4.125),
        ("bfp12:b32", 4.25),
        ("bfp12:b16", 4.5),
        ("bfp16:b64", 8.125),
        ("int4:token:head", 4 + 32 / 128),
        ("int4:token", 4 + 32 / 1024),
        ("int4:channel:g32", 5),
        ("int8:token:sym", 8 + 16 / 1024),
        ("mxint8", 8.25),
        ("mxfp8-e4m3", 8.25),
        ("mxfp6-e2m3", 6.25),
        ("mxfp4", 4.25),
        ("nvfp4", 4.5 + 32 / (1024 * 1024)),
        ("fp8-e4m3", 8),
        ("q8_0", 8.5),
        ("q4_0", 4.5),
        ("q4_1", 5),
        ("q5_0", 5.5),
        ("q5_1", 6),
        ("hqq4:g64", 4.5),
        ("turbo3", 3 + 16 / 128),
        ("turbo3:qjl", 3 + 32 / 128),
    ],
)
def test_bits_per_value_of_the_definitions(name: str, bits: float) -> None:
    got = parse_format(name).bits_per_value((2, 1024, 1024), head_dim=128)
    assert got == pytest.approx(bits, rel=1e-12)


def test_bits_of_windows_and_sparse_parts() -> None:
    kivi = parse_format("kivi-2:g32:r128")
    # 1000 = 7 * 128 + 104 keys; 1000 - 128 = 872 values: 27 full groups do not matter per token.
    assert kivi.bits_per_value((1000, 256)) == pytest.approx((896 * 3 + 104 * 16) / 1000)
    assert kivi.bits_per_value((1000, 256), role="value") == pytest.approx(
        (872 * 3 + 128 * 16) / 1000
    )
    assert kivi.bits_per_value((100, 256)) == 16
    # 10 outliers in each column of 1000 tokens, value and index 16 bits each.
    nuq = parse_format("nuq3:sparse1")
    expected = 3 + 10 * 32 / 1000 + 32 / 1000 + 8 * 16 / (1000 * 256)
    assert nuq.bits_per_value((1000, 256)) == pytest.approx(expected)


def test_streaming_counts() -> None:
    assert parse_format("int4:channel:g32").quantized_tokens(70) == 64
    assert parse_format("bfp12:b32").quantized_tokens(70) == 70
    assert parse_format("bfp12:b32:r16:s4").quantized_tokens(70) == 50
    assert parse_format("int4:channel:g32:r16").quantized_tokens(70) == 32
    assert parse_format("int4:channel:g32").token_group == 32
    assert parse_format("mxfp4").token_group == 1


@pytest.mark.parametrize(
    ("x", "options", "field"),
    [
        (np.array(1.0, np.float32), {}, "x"),
        (np.zeros((0, 8), np.float32), {}, "x"),
        (np.zeros((4, 0), np.float32), {}, "x"),
        (np.zeros((4, 8), np.int32), {}, "x"),
        (np.zeros((4, 8), np.complex64), {}, "x"),
        (np.array([[1.0, np.nan]], np.float32), {}, "x"),
        (np.array([[1.0, np.inf]], np.float16), {}, "x"),
        (np.array([[1.0, 1e300]]), {}, "x"),
        (np.zeros((4, 8), np.float32), {"head_dim": 0}, "head_dim"),
        (np.zeros((4, 8), np.float32), {"head_dim": 9}, "head_dim"),
        (np.zeros((4, 8), np.float32), {"head_dim": 2.0}, "head_dim"),
        (np.zeros((4, 8), np.float32), {"role": "query"}, "role"),
        ([[1.0, 2.0]], {}, "x"),
    ],
)
@pytest.mark.parametrize("name", ["bfp12:b32", "int4:token", "fp8-e4m3"])
def test_bad_tensors(x: np.ndarray, options: dict[str, object], field: str, name: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_format(name).fake_quantize(x, **options)  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize(
    "name", ["bfp12:b32", "mxfp4", "int4:token", "int4:channel:g2", "fp8-e4m3"]
)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_quick_routines_reject_what_is_not_finite(name: str, bad: float) -> None:
    x = torch.zeros(4, 32)
    x[2, 7] = bad
    with pytest.raises(BadInput, match="finite"):
        parse_format(name).fake_quantize(x)


@pytest.mark.parametrize(
    ("name", "width", "head_dim"),
    [
        ("q4_0", 40, 40),
        ("q8_0", 64, 16),
        ("int4:token:head", 40, 16),
        ("fp8-e4m3:head", 40, 16),
        ("turbo3", 40, 16),
        ("int4+hadamard", 48, 24),
        ("int4+hadamard", 40, 16),
        ("turbo3", 4, 1),
    ],
)
def test_shapes_that_do_not_suit(name: str, width: int, head_dim: int) -> None:
    with pytest.raises(BadInput) as caught:
        parse_format(name).fake_quantize(np.zeros((4, width), np.float32), head_dim=head_dim)
    assert caught.value.field in ("head_dim", "width")


@pytest.mark.parametrize("role", ["key", "value"])
@pytest.mark.parametrize("name", ["nuq3:sparse1", "nvfp4", "fp8-e4m3:tensor", "fp8-e4m3:head"])
def test_calibration_freezes_constants(name: str, role: str) -> None:
    draw = np.random.default_rng(0)
    samples = draw.standard_normal((3, 100, 32)).astype(np.float32)
    x = draw.standard_normal((64, 32)).astype(np.float32)
    chosen = parse_format(name)
    fitted = chosen.calibrated(samples, head_dim=16, role=role)  # type: ignore[arg-type]
    assert fitted.id == chosen.id
    alone = fitted.fake_quantize(x[5:6], head_dim=16, role=role)  # type: ignore[arg-type]
    together = fitted.fake_quantize(x, head_dim=16, role=role)  # type: ignore[arg-type]
    np.testing.assert_array_equal(together[5:6], alone)
    assert parse_format("mxfp4").calibrated(samples) is parse_format("mxfp4")


def test_fisher_weights_move_the_codebook() -> None:
    draw = np.random.default_rng(1)
    x = np.abs(draw.standard_normal((400, 8)).astype(np.float32))
    weights = np.where(x > 1.5, 100.0, 1e-3).astype(np.float32)
    nuq = parse_format("nuq2")
    heavy = nuq.calibrated(x, weights=weights, role="value").fake_quantize(x, role="value")
    light = nuq.calibrated(x, role="value").fake_quantize(x, role="value")
    large = x > 1.5
    assert np.square(heavy - x)[large].mean() < np.square(light - x)[large].mean()
    with pytest.raises(BadInput, match="shape"):
        nuq.calibrated(x, weights=weights[:4])
    with pytest.raises(BadInput, match="negative"):
        nuq.calibrated(x, weights=-weights)


def adversarial(size: int) -> torch.Tensor:
    """Rows of ties, signed zeros, subnormals, powers of two and one outlier."""
    draw = np.random.default_rng(size)
    x = draw.standard_normal((512, size)).astype(np.float32)
    x[0] = 0.0
    x[1] = -0.0
    x[2] *= np.float32(1e-39)
    x[3] *= np.float32(1e-42)
    x[4] = np.ldexp(np.float32(1), draw.integers(-149, 90, size))
    x[5] = np.round(x[5] * 8) / 16
    x[6, 0] = 1e25
    x[7] = np.float32(1.9999999)
    x[8] *= np.float32(1e29)
    return torch.from_numpy(np.tile(x, (64, 1)))


@pytest.mark.slow
@pytest.mark.skipif(not fast.has_compiler(), reason="needs a C++ compiler")
@pytest.mark.parametrize("size", [32, 128])
def test_compiled_routines_give_the_same_bits(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = adversarial(size)
    for call in (
        lambda: fast.bfp(x, 4, -7, 7),
        lambda: fast.bfp(x, 8, -127, 127),
        lambda: fast.mx(x, E2M1),
        lambda: fast.mx(x, E4M3),
        lambda: fast.mx(x, E5M2),
    ):
        monkeypatch.setenv("ENGRAM_COMPILE", "0")
        eager = call()
        monkeypatch.setenv("ENGRAM_COMPILE", "1")
        compiled = call()
        assert eager is not None
        assert compiled is not None
        assert torch.equal(eager.view(torch.int32), compiled.view(torch.int32))
    assert fast.COMPILER.kernels["_bfp_fused", size] is not None
    assert fast.COMPILER.kernels["_mx_fused", size] is not None


def test_without_a_compiler_the_eager_routine_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.randn(4096, 64)
    monkeypatch.setenv("ENGRAM_COMPILE", "0")
    expected = parse_format("bfp12:b16").fake_quantize(x)
    monkeypatch.setenv("ENGRAM_COMPILE", "1")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(fast, "COMPILER", fast.Compiler())
    assert not fast.has_compiler()
    assert torch.equal(parse_format("bfp12:b16").fake_quantize(x), expected)


def test_huge_blocks_take_the_plain_way() -> None:
    x = torch.full((4, 32), 3e38)
    assert fast.bfp(x.view(4, 1, 32), 4, -7, 7) is None
    y = parse_format("bfp12:b32").fake_quantize(x)
    np.testing.assert_array_equal(y.numpy(), parse_format("bfp12:b32").fake_quantize(x.numpy()))
