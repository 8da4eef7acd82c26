"""A format as the rest of the lab sees it: a codec with its name, windows and rotation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.core import BadInput
from engine.labs.kv_cache.formats.arrays import (
    Array,
    as_float32,
    is_torch_array,
    namespace,
    to_dtype,
    to_float16,
    to_host,
)
from engine.labs.kv_cache.formats.base import Codec, Detail, Planes, Role, Scope
from engine.labs.kv_cache.formats.encoded import Encoded, pack_plane, unpack_plane
from engine.labs.kv_cache.formats.hadamard import check_power_of_two, rotate_heads

# NumPy alone would warn of an overflow that the formats saturate on purpose.
_quiet = np.errstate(over="ignore", under="ignore")

FLOATS = ("float16", "bfloat16", "float32", "float64")


@dataclass(frozen=True, eq=False)
class Inspection(Detail):
    """``Detail`` of a whole matrix [tokens, width], and the values a reader would get.

    Exact tokens (sinks, residual window) have block -1 and NaN code and step. With a rotation,
    code, step, exponent, clipped and block speak of the rotated channels. ``saturated_blocks``
    counts blocks whose shared exponent or half-precision scale hit its limit.
    """

    value: np.ndarray = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Format:
    """One way to keep keys or values. Build it with ``parse_format``; equal ids are equal formats.

    Tensors are [..., tokens, width]: width is the concatenated KV heads of a layer, every leading
    axis is independent; a vector [width] is one token. float16, bfloat16, float32 and float64 are
    accepted; all arithmetic is float32 and the result is rounded back (saturating) to the dtype of
    the input.

    ``sink`` first tokens and a residual window of the newest tokens stay fp16 where the id asks
    for it. All results are those of a cache that holds exactly the tokens given.
    """

    id: str
    family: str
    codec: Codec
    pre_rope: bool = False
    hadamard: bool = False
    sink: int = 0
    window: int | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Format) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"parse_format({self.id!r})"

    @property
    def token_group(self) -> int:
        """Tokens that must be encoded together: the larger of both roles (1 = any single one)."""
        return max(self.codec.token_group("key"), self.codec.token_group("value"))

    @property
    def needs_calibration(self) -> bool:
        """True where constants are normally fitted offline (else: on the tensor itself)."""
        return self.codec.needs_calibration

    @_quiet
    def fake_quantize(self, x: Array, *, head_dim: int | None = None, role: Role = "key") -> Array:
        """Quantise and dequantise: same library, shape and dtype as ``x``; raises BadInput."""
        dtype = _dtype(x)
        if x.ndim == 1:
            return self.fake_quantize(x[None], head_dim=head_dim, role=role)[0]
        scope = self._scope(np.shape(x), head_dim, role)
        y = as_float32(x)
        if not (self.sink or self.window or self.hadamard):
            values = self.codec.fast(y, scope)
            if values is not None:
                return to_dtype(values, dtype)
        _require_finite(y)
        first, last = self._coded(scope.tokens, role)
        xp = namespace(y)
        parts = []
        if first:
            parts.append(xp.astype(to_float16(y[..., :first, :]), xp.float32))
        if first < last:
            inner = replace(scope, tokens=last - first)
            rotated = self._rotate(y[..., first:last, :], inner)
            parts.append(self._rotate(self._through(rotated, inner), inner))
        if last < scope.tokens:
            parts.append(xp.astype(to_float16(y[..., last:, :]), xp.float32))
        return to_dtype(parts[0] if len(parts) == 1 else xp.concat(parts, axis=-2), dtype)

    @_quiet
    def encode(self, x: Array, *, head_dim: int | None = None, role: Role = "key") -> Encoded:
        """What a cache stores of ``x``; raises BadInput."""
        scope = self._scope(np.shape(x), head_dim, role)
        y = as_float32(x)
        _require_finite(y)
        first, last = self._coded(scope.tokens, role)
        planes: dict[str, Array] = {}
        if first < last:
            inner = replace(scope, tokens=last - first)
            stored = self.codec.quantize(self._rotate(y[..., first:last, :], inner), inner)
            for name, (_, _, bits) in self.codec.plane_bits(inner).items():
                planes[name] = pack_plane(stored[name], bits)
        if first:
            planes["sink"] = to_float16(y[..., :first, :])
        if last < scope.tokens:
            planes["window"] = to_float16(y[..., last:, :])
        return Encoded(planes, tuple(x.shape), _dtype(x), scope.head_dim, role, self.id)

    @_quiet
    def decode(self, encoded: Encoded) -> Array:
        """The values that ``fake_quantize`` gives, bit for bit, from the stored planes alone."""
        scope = self._scope(encoded.shape, encoded.head_dim, encoded.role)
        first, last = self._coded(scope.tokens, encoded.role)
        parts = []
        xp = namespace(next(iter(encoded.planes.values())))
        if first:
            parts.append(xp.astype(encoded.planes["sink"], xp.float32))
        if first < last:
            inner = replace(scope, tokens=last - first)
            planes: Planes = {
                name: unpack_plane(encoded.planes[name], columns, bits)
                for name, (_, columns, bits) in self.codec.plane_bits(inner).items()
            }
            parts.append(self._rotate(self.codec.dequantize(planes, inner), inner))
        if last < scope.tokens:
            parts.append(xp.astype(encoded.planes["window"], xp.float32))
        values = parts[0] if len(parts) == 1 else xp.concat(parts, axis=-2)
        return to_dtype(values, encoded.dtype)

    def bits_per_value(
        self, shape: Sequence[int], *, head_dim: int | None = None, role: Role = "key"
    ) -> float:
        """True stored bits of a tensor of that shape, over its number of values.

        Codes, scales, zeros, norms, codebooks, sparse values with their indices, fp16 tokens of
        sinks and windows, and shorter last groups are all counted.
        """
        shape = tuple(shape)
        scope = self._scope((1, *shape) if len(shape) == 1 else shape, head_dim, role)
        first, last = self._coded(scope.tokens, role)
        bits = 16 * scope.width * (scope.tokens - (last - first))
        if first < last:
            inner = replace(scope, tokens=last - first)
            bits += sum(
                rows * columns * each
                for rows, columns, each in self.codec.plane_bits(inner).values()
            )
        return bits / (scope.tokens * scope.width)

    def quantized_tokens(self, tokens: int, role: Role = "key") -> int:
        """How many tokens a growing cache of ``tokens`` keeps as codes.

        They follow the ``sink`` exact ones. KIVI keys leave the window R at a time, values one at
        a time; a token group that is not yet full stays fp16.
        """
        rest = max(0, tokens - self.sink)
        group = self.codec.token_group(role)
        if self.window is None:
            return rest - rest % group
        if self.family == "kivi" and role == "key":
            return rest - rest % self.window
        rest = max(0, rest - self.window)
        return rest - rest % group

    def calibrated(
        self,
        samples: Array,
        *,
        weights: Array | None = None,
        head_dim: int | None = None,
        role: Role = "key",
    ) -> Format:
        """A copy with the same id whose offline constants were fitted on samples [..., n, width].

        ``weights`` (Fisher information per value, same shape) weigh the fit of non-uniform
        codebooks. Formats without offline constants return themselves.
        """
        if not self.needs_calibration:
            return self
        scope = self._scope(np.shape(samples), head_dim, role)
        y = as_float32(samples)
        _require_finite(y)
        flat = to_host(self._rotate(y, scope)).reshape(-1, scope.width)
        fisher = None
        if weights is not None:
            if tuple(np.shape(weights)) != tuple(np.shape(samples)):
                raise BadInput("weights", "must have the shape of the samples")
            fisher = to_host(as_float32(weights)).reshape(-1, scope.width)
            if not np.isfinite(fisher).all() or (fisher < 0).any() or not fisher.any():
                raise BadInput("weights", "must be finite, not negative and not all zero")
        scope = replace(scope, tokens=flat.shape[0])
        return replace(self, codec=self.codec.calibrated(flat, fisher, scope))

    @_quiet
    def inspect(
        self, x: np.ndarray, *, head_dim: int | None = None, role: Role = "key"
    ) -> Inspection:
        """How each value of one matrix [tokens, width] (NumPy only) was coded; raises BadInput."""
        if is_torch_array(x) or np.ndim(x) != 2:
            raise BadInput("x", "inspect needs a NumPy array of two axes, tokens and channels")
        value = self.fake_quantize(x, head_dim=head_dim, role=role)
        scope = self._scope(np.shape(x), head_dim, role)
        y = as_float32(x)
        first, last = self._coded(scope.tokens, role)
        arrays = {
            "code": np.full(y.shape, np.nan, dtype=np.float32),
            "step": np.full(y.shape, np.nan, dtype=np.float32),
            "exponent": np.full(y.shape, np.nan, dtype=np.float32),
            "clipped": np.abs(y) > 65504.0,
            "block": np.full(y.shape, -1, dtype=np.int64),
        }
        saturated = 0
        if first < last:
            inner = replace(scope, tokens=last - first)
            detail = self.codec.detail(self._rotate(y[first:last], inner), inner)
            for name, array in arrays.items():
                array[first:last] = getattr(detail, name)
            saturated = detail.saturated_blocks
        return Inspection(**arrays, saturated_blocks=saturated, value=value)

    def block_shape(
        self, shape: Sequence[int], *, head_dim: int | None = None, role: Role = "key"
    ) -> tuple[int, int]:
        """(tokens, channels) of the values that share one scale."""
        return self.codec.block_shape(self._scope(tuple(shape), head_dim, role))

    def _through(self, y: Array, scope: Scope) -> Array:
        values = self.codec.fast(y, scope)
        if values is not None:
            return values
        return self.codec.dequantize(self.codec.quantize(y, scope), scope)

    def _rotate(self, y: Array, scope: Scope) -> Array:
        return rotate_heads(y, scope.head_dim) if self.hadamard else y

    def _coded(self, tokens: int, role: Role) -> tuple[int, int]:
        """The positions [first, last) that are codes when the tensor holds ``tokens``."""
        first = min(self.sink, tokens)
        if self.window is None:
            return first, tokens
        return first, first + self.quantized_tokens(tokens, role)

    def _scope(self, shape: tuple[int, ...], head_dim: int | None, role: Role) -> Scope:
        if len(shape) < 2:
            raise BadInput("x", f"needs at least two axes [tokens, channels], not {len(shape)}")
        if min(shape) < 1:
            raise BadInput("x", f"every axis must have at least one entry, not {tuple(shape)}")
        if role not in ("key", "value"):
            raise BadInput("role", f"must be key or value, not {role!r}")
        tokens, width = int(shape[-2]), int(shape[-1])
        head_dim = width if head_dim is None else head_dim
        if (
            isinstance(head_dim, bool)
            or not isinstance(head_dim, int)
            or not 1 <= head_dim <= width
        ):
            raise BadInput(
                "head_dim", f"must be a whole number from 1 to {width}, not {head_dim!r}"
            )
        scope = Scope(tokens, width, head_dim, role)
        if self.hadamard:
            check_power_of_two(scope, "+hadamard")
        self.codec.check(scope)
        return scope


def _dtype(x: Any) -> str:
    """The name of a supported floating dtype; raises BadInput."""
    name = str(getattr(x, "dtype", type(x).__name__)).removeprefix("torch.")
    if name not in FLOATS:
        raise BadInput("x", f"must hold {', '.join(FLOATS)}, not {name}")
    return name


def _require_finite(y: Array) -> None:
    xp = namespace(y)
    if not bool(xp.all(xp.isfinite(y))):
        raise BadInput("x", "holds NaN, infinity or a number beyond float32; all must be finite")
