"""Non-uniform codebooks with sparse outliers, in the manner of KVQuant (arXiv 2401.18079).

Each vector (keys: one channel; values: one token) is shifted and scaled to about [-1, 1] by a
half-precision offset and range; one codebook of 2^n half-precision values per matrix codes it; the
``sparse`` percent of each vector that is largest in magnitude stays fp16, each value with a 16-bit
index into its vector (every vector has the same count, so no row pointers are needed).

``calibrated`` fits the codebook by k-means, weighted with Fisher information times range squared
where weights are given, and freezes the offsets and ranges of key channels, so that single tokens
can be appended; outliers of keys are then counted per token. Without calibration everything is
fitted on the matrix itself, and keys depend on all tokens given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from typing_extensions import override

from engine.core import BadInput
from engine.labs.kv_cache.formats.arrays import (
    FLOAT32_MAX,
    Array,
    constant,
    from_host,
    namespace,
    scatter_last,
    to_float16,
    to_host,
    top_positions,
)
from engine.labs.kv_cache.formats.base import Codec, Detail, Planes, Scope
from engine.labs.kv_cache.formats.kmeans import fit_codebook

LONGEST = 65536


@dataclass(frozen=True)
class Fitted:
    """Offline constants: the codebook and, for keys, offset and range of each channel."""

    codebook: tuple[float, ...]
    offset: tuple[float, ...] | None = None
    range: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Nuq(Codec):
    """n-bit codes into a fitted codebook; ``sparse`` is a percentage."""

    bits: int
    sparse: float = 0.0
    fitted: Fitted | None = None
    needs_calibration = True

    @override
    def check(self, scope: Scope) -> None:
        if self.sparse and self._length(scope) > LONGEST:
            raise BadInput("x", f"sparse indices reach {LONGEST} values, not {self._length(scope)}")
        offset = self.fitted.offset if self.fitted and scope.role == "key" else None
        if offset and len(offset) != scope.width:
            raise BadInput("x", f"calibrated for {len(offset)} channels, not {scope.width}")

    @override
    def block_shape(self, scope: Scope) -> tuple[int, int]:
        return (scope.tokens, 1) if scope.role == "key" else (1, scope.width)

    @override
    def plane_bits(self, scope: Scope) -> dict[str, tuple[int, int, int]]:
        rows, columns = (1, scope.width) if scope.role == "key" else (scope.tokens, 1)
        planes = {
            "codes": (scope.tokens, scope.width, self.bits),
            "offset": (rows, columns, 16),
            "range": (rows, columns, 16),
            "codebook": (1, 2**self.bits, 16),
        }
        count = self._outliers(scope)
        if count:
            vectors = scope.width if self._down(scope) else scope.tokens
            planes["sparse_value"] = (vectors, count, 16)
            planes["sparse_index"] = (vectors, count, 16)
        return planes

    @override
    def quantize(self, x: Array, scope: Scope) -> Planes:
        xp = namespace(x)
        count = self._outliers(scope)
        offset, span, u, where = self._normalise(x, scope)
        planes = {"offset": offset, "range": span}
        if self.fitted:
            book = constant(np.array(self.fitted.codebook, dtype=np.float16), x)
            book = xp.broadcast_to(book, (*x.shape[:-2], 1, 2**self.bits)) + 0
        else:
            book = self._fit(u, where, None, scope)
        wide = xp.astype(book, xp.float32)
        middles = (wide[..., 1:] + wide[..., :-1]) * 0.5  # ... 1 2^n-1
        codes = xp.zeros_like(u)
        for i in range(2**self.bits - 1):
            codes = codes + xp.astype(u > middles[..., i : i + 1], xp.float32)
        planes["codes"], planes["codebook"] = codes, book
        if count:
            lines = self._lines(x, scope)
            planes["sparse_value"] = to_float16(xp.take_along_axis(lines, where, axis=-1))
            planes["sparse_index"] = where
        return planes

    @override
    def dequantize(self, planes: Planes, scope: Scope) -> Array:
        codes = planes["codes"]
        xp = namespace(codes)
        book = xp.astype(planes["codebook"], xp.float32)
        flat = xp.reshape(xp.astype(codes, xp.int64), (*codes.shape[:-2], 1, -1))
        values = xp.reshape(xp.take_along_axis(book, flat, axis=-1), codes.shape)
        span, offset = (xp.astype(planes[name], xp.float32) for name in ("range", "offset"))
        values = values * span + offset
        if not self._outliers(scope):
            return values
        lines = scatter_last(
            self._lines(values, scope), planes["sparse_index"], planes["sparse_value"]
        )
        return self._lines(lines, scope)

    @override
    def detail(self, x: np.ndarray, scope: Scope) -> Detail:
        planes = self.quantize(x, scope)
        code = np.array(planes["codes"], dtype=np.float32)
        if self._outliers(scope):
            exact = np.full(planes["sparse_index"].shape, np.nan, dtype=np.float32)
            code = scatter_last(self._lines(code, scope), planes["sparse_index"], exact)
            code = np.ascontiguousarray(self._lines(code, scope))
        step = np.broadcast_to(planes["range"].astype(np.float32), x.shape)
        nothing = np.full(x.shape, np.nan, dtype=np.float32)
        axis = np.arange(scope.width) if scope.role == "key" else np.arange(scope.tokens)[:, None]
        clipped = np.zeros(x.shape, dtype=bool)
        return Detail(code, step, nothing, clipped, np.broadcast_to(axis, x.shape))

    @override
    def calibrated(self, samples: np.ndarray, weights: np.ndarray | None, scope: Scope) -> Codec:
        fresh = replace(self, fitted=None)
        offset, span, u, where = fresh._normalise(samples, scope)
        if weights is not None:
            weights = weights * span.astype(np.float32) ** 2
        book = tuple(float(b) for b in fresh._fit(u, where, weights, scope).ravel())
        if scope.role == "value":
            return replace(self, fitted=Fitted(book))
        channels = [tuple(float(p) for p in param.ravel()) for param in (offset, span)]
        return replace(self, fitted=Fitted(book, *channels))

    def _down(self, scope: Scope) -> bool:
        """True where vectors run along tokens."""
        return scope.role == "key" and self.fitted is None

    def _length(self, scope: Scope) -> int:
        return scope.tokens if self._down(scope) else scope.width

    def _outliers(self, scope: Scope) -> int:
        """Exact values per vector: the percentage rounded up, but never the whole vector."""
        length = self._length(scope)
        return min(math.ceil(length * self.sparse / 100), length - 1)

    def _lines(self, x: Array, scope: Scope) -> Array:
        return namespace(x).moveaxis(x, -1, -2) if self._down(scope) else x

    def _normalise(self, x: Array, scope: Scope) -> tuple[Array, Array, Array, Array | None]:
        """Offset and range (fp16), normalised values, positions of outliers in their vectors."""
        xp = namespace(x)
        count = self._outliers(scope)
        frozen = self.fitted is not None and self.fitted.offset is not None
        if frozen and scope.role == "key":
            assert self.fitted is not None
            offset, span = (
                xp.broadcast_to(
                    constant(np.array(param, dtype=np.float16), x),
                    (*x.shape[:-2], 1, scope.width),
                )
                + 0
                for param in (self.fitted.offset, self.fitted.range)
            )
            u = _scaled(x, offset, span)
            return offset, span, u, top_positions(xp.abs(u), count) if count else None
        lines = self._lines(x, scope)
        where, low_of, high_of = None, lines, lines
        if count:
            where = top_positions(xp.abs(lines), count)
            edge = xp.full_like(xp.take_along_axis(lines, where, axis=-1), FLOAT32_MAX)
            low_of, high_of = scatter_last(lines, where, edge), scatter_last(lines, where, -edge)
        low = xp.min(low_of, axis=-1, keepdims=True) * 0.5 + 0.0
        high = xp.max(high_of, axis=-1, keepdims=True) * 0.5 + 0.0
        offset, span = (self._lines(to_float16(p), scope) for p in (high + low, high - low))
        return offset, span, _scaled(x, offset, span), where

    def _fit(
        self, u: Array, where: Array | None, weights: np.ndarray | None, scope: Scope
    ) -> Array:
        """[..., 1, 2^n] half-precision codebooks, one per matrix, fitted without the outliers."""
        keep = np.ones(u.shape, dtype=bool)
        if where is not None:
            lines = self._lines(keep, scope)
            lines = scatter_last(lines, to_host(where), np.zeros(where.shape, dtype=bool))
            keep = self._lines(lines, scope)
        values = to_host(u).reshape(-1, scope.tokens, scope.width)
        books = []
        for matrix, kept in zip(values, keep.reshape(values.shape), strict=True):
            chosen = None if weights is None else weights[kept]
            books.append(fit_codebook(matrix[kept], 2**self.bits, chosen).astype(np.float16))
        return from_host(np.stack(books).reshape(*u.shape[:-2], 1, 2**self.bits), u)


def _scaled(x: Array, offset: Array, span: Array) -> Array:
    xp = namespace(x)
    o, r = xp.astype(offset, xp.float32), xp.astype(span, xp.float32)
    u = (x - o) / xp.where(r > 0, r, xp.ones_like(r))
    return xp.where(r > 0, xp.clip(u, -2.0, 2.0), xp.zeros_like(u))
