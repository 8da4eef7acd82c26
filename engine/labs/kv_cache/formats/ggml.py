"""The cache types of llama.cpp: q8_0, q4_0, q4_1, q5_0 and q5_1, 32 values a block.

As in ggml's reference quantiser: codes are computed with the reciprocal of the unrounded float32
scale and truncated after adding a half, the scale d (and minimum m) is stored in half precision.
Where ggml would overflow half precision to infinity, d and m saturate here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from engine.core import BadInput
from engine.labs.kv_cache.formats.arrays import FLOAT32_MAX, Array, namespace, to_float16
from engine.labs.kv_cache.formats.base import Scope
from engine.labs.kv_cache.formats.grouped import Element, Grouped, Params

BLOCK = 32


@dataclass(frozen=True)
class GgmlBlocks(Grouped):
    """Whole blocks only: llama.cpp rejects rows that are not a multiple of 32."""

    @override
    def check(self, scope: Scope) -> None:
        for name, length in (("width", scope.width), ("head_dim", scope.head_dim)):
            if length % BLOCK:
                raise BadInput(
                    name, f"llama.cpp types need a multiple of {BLOCK} channels, not {length}"
                )


@dataclass(frozen=True)
class GgmlOffset(Element):
    """q4_0 and q5_0: d = (signed value of largest magnitude) / -2^(n-1), x' = (q - 2^(n-1)) d."""

    code_bits: int

    @property
    @override
    def param_bits(self) -> Mapping[str, int]:  # type: ignore[override]
        return {"d": 16}

    @override
    def quantize(self, g: Array) -> tuple[Array, Params]:
        xp = namespace(g)
        half = float(2 ** (self.code_bits - 1))
        # argmax takes the first of equal magnitudes, as the reference does.
        first = xp.argmax(xp.abs(g), axis=-1, keepdims=True)
        d = xp.take_along_axis(g, first, axis=-1) / -half
        place = xp.clip(g * _reciprocal(d) + (half + 0.5), 0.0, 2.0 * half - 1.0)
        return xp.floor(place), (to_float16(d)[..., 0],)

    @override
    def dequantize(self, codes: Array, params: Params) -> Array:
        xp = namespace(codes)
        half = float(2 ** (self.code_bits - 1))
        return (xp.astype(codes, xp.float32) - half) * _wide(params[0])

    @override
    def detail(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
        codes, (d,) = self.quantize(g)
        step = _wide(d)
        half = 2 ** (self.code_bits - 1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            clipped = (step != 0) & (g / step > half - 0.5)
        return codes - half, np.abs(step), np.full_like(step, np.nan), clipped, _saturated(d)


@dataclass(frozen=True)
class GgmlAffine(Element):
    """q4_1 and q5_1: m = min, d = (max - min) / (2^n - 1), x' = q d + m."""

    code_bits: int

    @property
    @override
    def param_bits(self) -> Mapping[str, int]:  # type: ignore[override]
        return {"d": 16, "m": 16}

    @override
    def quantize(self, g: Array) -> tuple[Array, Params]:
        xp = namespace(g)
        top = float(2**self.code_bits - 1)
        low = xp.min(g, axis=-1, keepdims=True)
        d = xp.clip(xp.max(g, axis=-1, keepdims=True) - low, 0.0, FLOAT32_MAX) / top
        place = xp.clip((g - low) * _reciprocal(d) + 0.5, 0.0, top)
        return xp.floor(place), (to_float16(d)[..., 0], to_float16(low + 0.0)[..., 0])

    @override
    def dequantize(self, codes: Array, params: Params) -> Array:
        xp = namespace(codes)
        return xp.astype(codes, xp.float32) * _wide(params[0]) + _wide(params[1])

    @override
    def detail(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
        codes, (d, m) = self.quantize(g)
        step = _wide(d)
        clipped = np.zeros(g.shape, dtype=bool)  # the range is exactly that of the block
        return codes, step, np.full_like(step, np.nan), clipped, _saturated(d) + _saturated(m)


@dataclass(frozen=True)
class GgmlSymmetric(Element):
    """q8_0: d = max|x| / 127, q rounds half away from zero."""

    code_bits: int = 8

    @property
    @override
    def param_bits(self) -> Mapping[str, int]:  # type: ignore[override]
        return {"d": 16}

    @override
    def quantize(self, g: Array) -> tuple[Array, Params]:
        xp = namespace(g)
        d = xp.max(xp.abs(g), axis=-1, keepdims=True) / 127.0
        place = g * _reciprocal(d)
        whole = xp.trunc(place)
        away = xp.astype(xp.abs(place - whole) >= 0.5, xp.float32)
        codes = xp.clip(whole + away * xp.sign(place), -127.0, 127.0)
        return codes + 128.0, (to_float16(d)[..., 0],)

    @override
    def dequantize(self, codes: Array, params: Params) -> Array:
        xp = namespace(codes)
        return (xp.astype(codes, xp.float32) - 128.0) * _wide(params[0])

    @override
    def detail(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
        codes, (d,) = self.quantize(g)
        step = _wide(d)
        clipped = np.zeros(g.shape, dtype=bool)
        return codes - 128.0, step, np.full_like(step, np.nan), clipped, _saturated(d)


def _wide(param: Array) -> Array:
    xp = namespace(param)
    return xp.astype(param, xp.float32)[..., None]


def _reciprocal(d: Array) -> Array:
    """1 / d; zero where d is zero or so small that the reciprocal is beyond float32."""
    xp = namespace(d)
    usable = xp.abs(d) > 1.0 / FLOAT32_MAX
    return xp.where(usable, 1.0 / xp.where(usable, d, xp.ones_like(d)), xp.zeros_like(d))


def _saturated(param: np.ndarray) -> int:
    return int((np.abs(param) == 65504.0).sum())
