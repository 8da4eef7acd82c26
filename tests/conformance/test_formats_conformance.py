"""What every format keeps: one suite over every example id."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from engine.labs.kv_cache.formats import EXAMPLES, Encoded, Format, Role, parse_format
from engine.labs.kv_cache.formats.packing import row_bytes

HEAD_DIM = 32
TOKENS = 160
WIDTH = 64
EXTRA = (
    "bfp12:b24",
    "int4:token:g24",
    "int4:channel:g32:sym",
    "int4:channel:g32:r16:s4",
    "fp8-e5m2:head",
    "nuq2:sparse0.5:r8",
    "hqq4:g24",
    "turbo3:qjl",
    "turbo4:r32+hadamard",
    "kivi-4:g16:r32:s4+hadamard",
)
ROLES: tuple[Role, ...] = ("key", "value")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Small tensors: threads cost more than they give."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


every_format = pytest.mark.parametrize("name", EXAMPLES + EXTRA)
both_roles = pytest.mark.parametrize("role", ROLES)


def ordinary() -> np.ndarray:
    """[2, tokens, width] with graded channels, a zero token and tokens of very unlike size."""
    draw = np.random.default_rng(11)
    x = draw.standard_normal((2, TOKENS, WIDTH)) * np.exp(draw.standard_normal(WIDTH))
    x[0, 3] = 0.0
    x[0, 7] = -0.0
    x[1, 5] *= 1e-3
    x[1, 9] *= 300.0
    x[1, 11] = 1.5
    return x.astype(np.float32)


def extreme() -> np.ndarray:
    """[7, tokens, width]: each matrix finite and as unpleasant as float32 allows."""
    draw = np.random.default_rng(12)
    x = draw.standard_normal((7, TOKENS, WIDTH)).astype(np.float32)
    x[0] = np.finfo(np.float32).max * np.sign(x[0])
    x[1] *= np.float32(1e-42)
    x[2] = np.where(x[2] > 1, np.float32(3.4e38), np.float32(1e-45))
    x[3] = 0.0
    x[4] = np.float32(-3.4e38)
    x[5] = np.ldexp(np.float32(1), draw.integers(-149, 128, x[5].shape)).astype(np.float32)
    x[6] = np.float32(1e-40)
    return x


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal to the last bit, the sign of zero included."""
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@every_format
@both_roles
@pytest.mark.parametrize("data", [ordinary, extreme])
def test_numpy_torch_and_storage_agree_to_the_bit(name: str, role: Role, data: object) -> None:
    """torch takes the quick routines where there are any, NumPy and storage the plain ones."""
    x = data()  # type: ignore[operator]
    chosen = parse_format(name)
    plain = chosen.fake_quantize(x, head_dim=HEAD_DIM, role=role)
    quick = chosen.fake_quantize(torch.from_numpy(x), head_dim=HEAD_DIM, role=role)
    assert isinstance(plain, np.ndarray)
    assert isinstance(quick, torch.Tensor)
    assert np.isfinite(plain).all()
    assert same_bits(plain, quick.numpy())
    stored = chosen.encode(x, head_dim=HEAD_DIM, role=role)
    assert same_bits(chosen.decode(stored), plain)
    other = chosen.encode(torch.from_numpy(x), head_dim=HEAD_DIM, role=role)
    assert same_bits(chosen.decode(other).numpy(), plain)
    for plane, values in stored.planes.items():
        assert same_bits(values, other.planes[plane].numpy())


@every_format
@both_roles
def test_bits_are_what_is_stored(name: str, role: Role) -> None:
    """``nbytes`` is the true number of bits, but for rows of codes that end within a byte."""
    chosen = parse_format(name)
    for tokens in (TOKENS, 50, 1):
        x = ordinary()[:, :tokens]
        stored = chosen.encode(x, head_dim=HEAD_DIM, role=role)
        bits = chosen.bits_per_value(x.shape, head_dim=HEAD_DIM, role=role) * x.size
        rows = sum(v.size // v.shape[-1] for v in stored.planes.values())
        assert bits - 1e-6 <= 8 * stored.nbytes < bits + 8 * rows
        assert all(isinstance(v, np.ndarray) for v in stored.planes.values())


@every_format
@both_roles
def test_leading_axes_are_independent(name: str, role: Role) -> None:
    x = ordinary()
    chosen = parse_format(name)
    together = chosen.fake_quantize(x[:, None], head_dim=HEAD_DIM, role=role)
    for i in range(x.shape[0]):
        alone = chosen.fake_quantize(x[i], head_dim=HEAD_DIM, role=role)
        assert same_bits(np.ascontiguousarray(together[i, 0]), alone)


def joined(parts: list[Encoded], chosen: Format, role: Role) -> np.ndarray:
    return np.concatenate([chosen.decode(part) for part in parts], axis=-2)


@every_format
@both_roles
def test_appending_equals_encoding_at_once(name: str, role: Role) -> None:
    """Tokens encoded when they arrive, a token group at a time, read the same later."""
    chosen = parse_format(name)
    if chosen.window is not None or chosen.sink:
        pytest.skip("windows move with the newest token: the cache's own tests cover them")
    x = ordinary()[0]
    chosen = chosen.calibrated(ordinary()[1], head_dim=HEAD_DIM, role=role)
    once = chosen.fake_quantize(x, head_dim=HEAD_DIM, role=role)
    step = chosen.token_group
    parts = [
        chosen.encode(x[first : first + step], head_dim=HEAD_DIM, role=role)
        for first in range(0, TOKENS, step)
    ]
    assert same_bits(joined(parts, chosen, role), once)


@every_format
@both_roles
def test_quantized_tokens_are_the_coded_ones(name: str, role: Role) -> None:
    """Where an id asks for exact tokens, exactly the others are codes."""
    chosen = parse_format(name)
    for tokens in (1, 3, 17, 64, 129, TOKENS):
        x = ordinary()[0, :tokens]
        count = chosen.quantized_tokens(tokens, role)
        assert 0 <= count <= tokens
        assert count % chosen.codec.token_group(role) == 0
        if chosen.window is None:
            continue
        value = chosen.fake_quantize(x, head_dim=HEAD_DIM, role=role)
        half = x.astype(np.float16).astype(np.float32)
        first = min(chosen.sink, tokens)
        np.testing.assert_array_equal(value[:first], half[:first])
        np.testing.assert_array_equal(value[first + count :], half[first + count :])
        info = chosen.inspect(x, head_dim=HEAD_DIM, role=role)
        coded = np.zeros(tokens, dtype=bool)
        coded[first : first + count] = True
        np.testing.assert_array_equal((info.block >= 0).all(axis=1), coded)


@every_format
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_kind_shape_and_dtype_are_kept(name: str, dtype: str) -> None:
    chosen = parse_format(name)
    t = torch.from_numpy(ordinary()[0, :40]).to(getattr(torch, dtype))
    y = chosen.fake_quantize(t, head_dim=HEAD_DIM)
    assert y.dtype == t.dtype
    assert y.shape == t.shape
    assert torch.isfinite(y).all()
    stored = chosen.encode(t, head_dim=HEAD_DIM)
    assert torch.equal(chosen.decode(stored), y)
    if dtype != "bfloat16":
        a = t.numpy()
        out = chosen.fake_quantize(a, head_dim=HEAD_DIM)
        assert same_bits(out, y.numpy())


@every_format
def test_input_is_left_alone_and_results_repeat(name: str) -> None:
    chosen = parse_format(name)
    x = ordinary()[0, :64]
    before = x.copy()
    t = torch.from_numpy(x.copy()).requires_grad_()
    first = chosen.fake_quantize(x, head_dim=HEAD_DIM)
    quick = chosen.fake_quantize(t, head_dim=HEAD_DIM)
    assert same_bits(x, before)
    assert same_bits(t.detach().numpy(), before)
    assert not np.shares_memory(first, x)
    assert quick.data_ptr() != t.data_ptr()
    assert same_bits(parse_format(name).fake_quantize(x, head_dim=HEAD_DIM), first)


@every_format
@both_roles
def test_strided_input_gives_the_same(name: str, role: Role) -> None:
    """A cache hands over transposed views."""
    chosen = parse_format(name)
    x = ordinary()[0, :64]
    plain = chosen.fake_quantize(x, head_dim=HEAD_DIM, role=role)
    t = torch.from_numpy(np.ascontiguousarray(x.T)).T
    assert not t.is_contiguous()
    assert same_bits(chosen.fake_quantize(t, head_dim=HEAD_DIM, role=role).numpy(), plain)


@every_format
@both_roles
def test_inspection_explains_the_values(name: str, role: Role) -> None:
    chosen = parse_format(name)
    x = ordinary()[1]
    info = chosen.inspect(x, head_dim=HEAD_DIM, role=role)
    value = chosen.fake_quantize(x, head_dim=HEAD_DIM, role=role)
    np.testing.assert_array_equal(info.value, value)
    for array in (info.code, info.step, info.exponent, info.clipped, info.block):
        assert array.shape == x.shape
    assert info.clipped.dtype == bool
    if chosen.family in ("bfp", "mx", "nvfp4", "fp8") and not chosen.hadamard:
        np.testing.assert_allclose(info.code * info.step, value, rtol=1e-6)
        # Half a step of a uniform grid; half of the last mantissa bit of an element.
        allowed = np.maximum(info.step / 2, 0.25 * np.abs(x)) * 1.001
        assert (np.abs(value - x) <= allowed)[~info.clipped].all()
    tokens, channels = chosen.block_shape(x.shape, head_dim=HEAD_DIM, role=role)
    assert 1 <= tokens <= max(TOKENS, chosen.token_group)
    assert 1 <= channels <= WIDTH


@every_format
def test_ids_come_back(name: str) -> None:
    chosen = parse_format(name)
    again = parse_format(chosen.id)
    assert chosen.id == name
    assert (again, hash(again), again.id) == (chosen, hash(chosen), chosen.id)


def test_packing_is_dense() -> None:
    assert [row_bytes(10, bits) for bits in (1, 2, 3, 4, 5, 6, 7, 8)] == [2, 3, 4, 5, 7, 8, 9, 10]
