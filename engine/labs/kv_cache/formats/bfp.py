"""Block floating point: signed integers that share one 8-bit exponent per block.

arXiv 2403.20137 uses BFP12 for keys; definition as in the same firm's compressor: n-bit signed
significands (n = N - 8), e = floor(log2 max|x|), step = 2^(e + 2 - n), round half to even,
symmetric codes -M..M with M = 2^(n-1) - 1 (``asym`` also allows -2^(n-1)). The exponent is kept
within [-126, 127]; a block whose largest magnitude is subnormal therefore uses e = -126.
MXINT8 is BFP16 with blocks of 32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from engine.labs.kv_cache.formats.arrays import (
    FLOAT32_MAX,
    MIN_NORMAL,
    Array,
    exponent,
    is_torch_array,
    leading_power,
    namespace,
    power_of_two,
)
from engine.labs.kv_cache.formats.grouped import Element, Params


@dataclass(frozen=True)
class Bfp(Element):
    """n-bit significands (sign included) under a shared exponent."""

    code_bits: int
    asym: bool = False

    @property
    @override
    def param_bits(self) -> Mapping[str, int]:  # type: ignore[override]
        return {"exponent": 8}

    @property
    def top(self) -> int:
        """M, the largest code."""
        return 2 ** (self.code_bits - 1) - 1

    @property
    def bottom(self) -> int:
        """The smallest code."""
        return -self.top - 1 if self.asym else -self.top

    @override
    def quantize(self, g: Array) -> tuple[Array, Params]:
        xp = namespace(g)
        e = exponent(leading_power(xp.max(xp.abs(g), axis=-1)))  # ... groups
        codes = xp.round(g / self._step(e))
        codes = xp.clip(codes, float(self.bottom), float(self.top))
        return codes - float(self.bottom), (e + 127,)

    @override
    def dequantize(self, codes: Array, params: Params) -> Array:
        xp = namespace(codes)
        e = xp.astype(params[0], xp.int32) - 127
        values = (xp.astype(codes, xp.float32) + float(self.bottom)) * self._step(e)
        # -2^(n-1) steps of the largest exponent is the one value beyond float32.
        return xp.clip(values, -FLOAT32_MAX, FLOAT32_MAX) if self.asym else values

    @override
    def detail(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
        codes, (stored,) = self.quantize(g)
        e = stored - 127
        step = self._step(e)
        place = np.round(g / step)
        clipped = (place > self.top) | (place < self.bottom)
        largest = np.abs(g).max(axis=-1)
        saturated = int(((largest > 0) & (largest < MIN_NORMAL)).sum())
        return codes + self.bottom, step, e[..., None].astype(np.float32), clipped, saturated

    @override
    def fast(self, g: Array, axis: int) -> Array | None:
        if axis != -1 or not is_torch_array(g):
            return None
        from engine.labs.kv_cache.formats import fast

        return fast.bfp(g, self.code_bits, self.bottom, self.top)

    def _step(self, e: Array) -> Array:
        return power_of_two(e + (2 - self.code_bits))[..., None]
