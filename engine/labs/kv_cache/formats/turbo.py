"""Rotation plus codebook, in the TurboQuant manner (arXiv 2504.19874).

Each head vector is split into its l2 norm (fp16) and a unit vector. A random rotation, the same
for all, makes every coordinate of a unit vector follow one known distribution, with density
proportional to (1 - t^2)^((d-3)/2); a Lloyd-Max codebook of that distribution codes each. The
result has the least squared error but shrinks inner products slightly (it is biased). ``qjl``
spends one of the bits on the sign of a Gaussian projection S of what is left, adding
sqrt(pi/2)/d * |residual| * S^T sign(S residual): inner products become right on average over S
(unbiased), at the price of a larger squared error.

Ours: the rotation is two rounds of random signs and a Hadamard transform where d is a power of
two, else a dense orthogonal matrix (QR of a Gaussian one), from a fixed seed. Rotation, projection
and codebooks are constants of (d, bits) and cost no stored bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from typing_extensions import override

from engine.core import BadInput
from engine.core.seeds import rng
from engine.labs.kv_cache.formats.arrays import (
    FLOAT16_MAX,
    Array,
    constant,
    namespace,
    project,
    square_root,
    to_float16,
    tree_sum,
)
from engine.labs.kv_cache.formats.base import Codec, Detail, Planes, Scope, whole_heads
from engine.labs.kv_cache.formats.hadamard import hadamard
from engine.labs.kv_cache.formats.kmeans import fit_codebook

SEED = 0
LARGEST_HEAD = 1024


@dataclass(frozen=True)
class Turbo(Codec):
    """``bits`` in all per coordinate; with ``qjl`` one of them is the residual's sign."""

    bits: int
    qjl: bool = False

    @property
    def code_bits(self) -> int:
        """Bits of the codebook index."""
        return self.bits - self.qjl

    @override
    def check(self, scope: Scope) -> None:
        whole_heads(scope, "a turbo format")
        if not 2 <= scope.head_dim <= LARGEST_HEAD:
            raise BadInput(
                "head_dim", f"turbo formats need 2 to {LARGEST_HEAD}, not {scope.head_dim}"
            )

    @override
    def block_shape(self, scope: Scope) -> tuple[int, int]:
        return (1, scope.head_dim)

    @override
    def plane_bits(self, scope: Scope) -> dict[str, tuple[int, int, int]]:
        heads = scope.width // scope.head_dim
        planes = {
            "codes": (scope.tokens, scope.width, self.code_bits),
            "norm": (scope.tokens, heads, 16),
        }
        if self.qjl:
            planes["sign"] = (scope.tokens, scope.width, 1)
            planes["residual_norm"] = (scope.tokens, heads, 16)
        return planes

    @override
    def quantize(self, x: Array, scope: Scope) -> Planes:
        xp = namespace(x)
        d = scope.head_dim
        h = xp.reshape(x, (*x.shape[:-1], -1, d))  # ... t heads d
        norm, unit = _norm(h)
        rotated = rotate(unit, d)
        book = codebook(d, self.code_bits)
        codes = xp.zeros_like(rotated)
        for middle in (book[1:] + book[:-1]) * np.float32(0.5):
            codes = codes + xp.astype(rotated > float(middle), xp.float32)
        planes = {"codes": xp.reshape(codes, x.shape), "norm": to_float16(norm)[..., 0]}
        if self.qjl:
            residual = unit - self._coarse(codes, d)
            sign = xp.astype(project(residual, constant(gaussian(d), x)) >= 0, xp.float32)
            planes["sign"] = xp.reshape(sign, x.shape)
            planes["residual_norm"] = to_float16(square_root(tree_sum(residual * residual)))
        return planes

    @override
    def dequantize(self, planes: Planes, scope: Scope) -> Array:
        codes = planes["codes"]
        xp = namespace(codes)
        d = scope.head_dim
        unit = self._coarse(xp.reshape(codes, (*codes.shape[:-1], -1, d)), d)
        if self.qjl:
            sign = xp.reshape(xp.astype(planes["sign"], xp.float32), unit.shape) * 2.0 - 1.0
            back = constant(np.ascontiguousarray(gaussian(d).T), unit)
            size = xp.astype(planes["residual_norm"], xp.float32)[..., None]
            unit = unit + project(sign, back) * (size * (math.sqrt(math.pi / 2) / d))
        values = unit * xp.astype(planes["norm"], xp.float32)[..., None]
        return xp.reshape(values, codes.shape)

    @override
    def detail(self, x: np.ndarray, scope: Scope) -> Detail:
        planes = self.quantize(x, scope)
        heads = scope.width // scope.head_dim
        step = np.repeat(planes["norm"].astype(np.float32), scope.head_dim, axis=-1)
        block = np.arange(scope.tokens)[:, None] * heads + np.arange(scope.width) // scope.head_dim
        nothing = np.full(x.shape, np.nan, dtype=np.float32)
        clipped = np.zeros(x.shape, dtype=bool)
        saturated = int((planes["norm"] == FLOAT16_MAX).sum())
        return Detail(planes["codes"], step, nothing, clipped, block, saturated)

    def _coarse(self, codes: Array, d: int) -> Array:
        """The unit vectors that the codebook alone gives: codes [..., d]."""
        xp = namespace(codes)
        book = constant(codebook(d, self.code_bits), codes)
        return rotate(book[xp.astype(codes, xp.int64)], d, back=True)


def _norm(h: Array) -> tuple[Array, Array]:
    """Norms [..., 1] and unit vectors; the zero vector keeps norm 0 and becomes zero."""
    xp = namespace(h)
    largest = xp.max(xp.abs(h), axis=-1, keepdims=True)
    safe = xp.where(largest > 0, largest, xp.ones_like(largest))
    scaled = h / safe
    length = square_root(tree_sum(scaled * scaled))[..., None]
    unit = scaled / xp.where(largest > 0, length, xp.ones_like(length))
    return xp.clip(largest, 0.0, FLOAT16_MAX) * length, unit


def rotate(x: Array, d: int, *, back: bool = False) -> Array:
    """The fixed random rotation of vectors [..., d], or its inverse."""
    if d & (d - 1):
        matrix = orthogonal(d)
        return project(x, constant(np.ascontiguousarray(matrix.T if back else matrix), x))
    first, second = (constant(s, x) for s in signs(d))
    if back:
        return hadamard(hadamard(x) * second) * first
    return hadamard(hadamard(x * first) * second)


@cache
def codebook(d: int, bits: int) -> np.ndarray:
    """2^bits float32 Lloyd-Max values for a coordinate of a random unit vector in d dimensions."""
    theta = (np.arange(100_000) + 0.5) / 100_000 * math.pi
    # With t = cos(theta) the density (1 - t^2)^((d-3)/2) dt is sin(theta)^(d-2) dtheta.
    centres = fit_codebook(np.cos(theta), 2**bits, np.sin(theta) ** (d - 2), rounds=2000)
    return _constant((centres - centres[::-1]) / 2)


@cache
def signs(d: int) -> tuple[np.ndarray, np.ndarray]:
    """Two rows of random signs."""
    drawn = rng(SEED, "turbo signs", d).integers(0, 2, size=(2, d)) * 2 - 1
    return _constant(drawn[0]), _constant(drawn[1])


@cache
def orthogonal(d: int) -> np.ndarray:
    """A random orthogonal matrix; vectors are rows, so y = x @ matrix."""
    q, r = np.linalg.qr(rng(SEED, "turbo rotation", d).standard_normal((d, d)))
    return _constant(q * np.sign(np.diag(r)))


@cache
def gaussian(d: int) -> np.ndarray:
    """The projection of the residual."""
    return _constant(rng(SEED, "turbo projection", d).standard_normal((d, d)))


def _constant(values: np.ndarray) -> np.ndarray:
    table = np.ascontiguousarray(values, dtype=np.float32)
    table.flags.writeable = False
    return table
