"""Uniform integers with a stored scale: asymmetric (scale and zero) and symmetric (scale).

Scale and zero are rounded to half precision *first* and the codes are computed with the rounded
ones, as in a cache whose scale tensors are fp16 (KIVI, arXiv 2402.02750, computes so). Both
saturate at 65504; a scale that rounds to zero makes every value of its group the stored zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from engine.labs.kv_cache.formats.arrays import (
    FLOAT32_MAX,
    Array,
    is_torch_array,
    namespace,
    to_float16,
)
from engine.labs.kv_cache.formats.grouped import Element, Params


@dataclass(frozen=True)
class IntAsym(Element):
    """q = round(clamp((x - zero) / s, 0, 2^n - 1)), x' = q s + zero; s = (max - min) / (2^n - 1).

    Half rounds to even. Error: at most s/2, plus the half-precision rounding of s (times 2^n - 1)
    and of zero.
    """

    code_bits: int

    @property
    @override
    def param_bits(self) -> Mapping[str, int]:  # type: ignore[override]
        return {"scale": 16, "zero": 16}

    @override
    def quantize(self, g: Array) -> tuple[Array, Params]:
        xp = namespace(g)
        top = float(2**self.code_bits - 1)
        low = xp.min(g, axis=-1)
        spread = _finite(xp.max(g, axis=-1) - low)
        # + 0.0: which of two zeros is the minimum must not show in the stored sign.
        scale, zero = to_float16(spread / top), to_float16(low + 0.0)
        s, z = _wide(scale), _wide(zero)
        safe = xp.where(s > 0, s, xp.ones_like(s))
        codes = xp.round(xp.clip((g - z) / safe, 0.0, top))
        return xp.where(s > 0, codes, xp.zeros_like(codes)), (scale, zero)

    @override
    def dequantize(self, codes: Array, params: Params) -> Array:
        xp = namespace(codes)
        scale, zero = params
        return xp.astype(codes, xp.float32) * _wide(scale) + _wide(zero)

    @override
    def fast(self, g: Array, axis: int) -> Array | None:
        if not is_torch_array(g):
            return None
        from engine.labs.kv_cache.formats import fast

        return fast.int_asym(g, 2**self.code_bits - 1, axis)

    @override
    def detail(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
        codes, (scale, zero) = self.quantize(g)
        s, z = _wide(scale), _wide(zero)
        with np.errstate(divide="ignore", invalid="ignore"):
            place = (g - z) / s
        top = 2**self.code_bits - 1
        # Half a step of slack: only what rounding alone would put beyond the last code is clipped.
        clipped = (s > 0) & ((place < -0.5) | (place > top + 0.5))
        beyond = np.isin(np.abs(np.stack((scale, zero))), 65504.0).any(axis=0).sum()
        return codes, s, np.full_like(s, np.nan), clipped, int(beyond)


@dataclass(frozen=True)
class IntSym(Element):
    """q = clamp(round(x / s), -M, M), x' = q s; s = max|x| / M, M = 2^(n-1) - 1."""

    code_bits: int

    @property
    @override
    def param_bits(self) -> Mapping[str, int]:  # type: ignore[override]
        return {"scale": 16}

    @property
    def top(self) -> int:
        """M."""
        return 2 ** (self.code_bits - 1) - 1

    @override
    def quantize(self, g: Array) -> tuple[Array, Params]:
        xp = namespace(g)
        scale = to_float16(xp.max(xp.abs(g), axis=-1) / float(self.top))
        s = _wide(scale)
        safe = xp.where(s > 0, s, xp.ones_like(s))
        codes = xp.clip(xp.round(g / safe), -float(self.top), float(self.top))
        codes = xp.where(s > 0, codes, xp.zeros_like(codes))
        return codes + float(self.top), (scale,)

    @override
    def dequantize(self, codes: Array, params: Params) -> Array:
        xp = namespace(codes)
        return (xp.astype(codes, xp.float32) - float(self.top)) * _wide(params[0])

    @override
    def fast(self, g: Array, axis: int) -> Array | None:
        if not is_torch_array(g):
            return None
        from engine.labs.kv_cache.formats import fast

        return fast.int_sym(g, self.top, axis)

    @override
    def detail(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
        codes, (scale,) = self.quantize(g)
        s = _wide(scale)
        with np.errstate(divide="ignore", invalid="ignore"):
            clipped = (s > 0) & (np.abs(g / s) > self.top + 0.5)
        beyond = int((scale == 65504.0).sum())
        return codes - self.top, s, np.full_like(s, np.nan), clipped, beyond


def _wide(param: Array) -> Array:
    """A parameter [..., groups] as float32 [..., groups, 1]."""
    xp = namespace(param)
    return xp.astype(param, xp.float32)[..., None]


def _finite(x: Array) -> Array:
    """max - min of huge values can exceed float32: saturate."""
    return namespace(x).clip(x, -FLOAT32_MAX, FLOAT32_MAX)
