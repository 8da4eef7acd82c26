"""Microscaling floats: 32 small floats under one power-of-two scale (OCP MX v1.0, section 6).

Scale exponent E = floor(log2 max|x|) - emax(element), stored as E8M0 (E + 127) and kept within
-127..127; elements are rounded half to even and saturate. MXINT8 lies in bfp.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from engine.labs.kv_cache.formats.arrays import (
    Array,
    exponent,
    is_torch_array,
    leading_power,
    namespace,
    power_of_two,
)
from engine.labs.kv_cache.formats.grouped import Element, Params
from engine.labs.kv_cache.formats.minifloat import MiniFloat

BLOCK = 32


@dataclass(frozen=True)
class MxFloat(Element):
    """Small floats under a shared power of two."""

    grid: MiniFloat

    @property
    @override
    def code_bits(self) -> int:  # type: ignore[override]
        return self.grid.bits

    @property
    @override
    def param_bits(self) -> Mapping[str, int]:  # type: ignore[override]
        return {"exponent": 8}

    @override
    def quantize(self, g: Array) -> tuple[Array, Params]:
        xp = namespace(g)
        e = exponent(leading_power(xp.max(xp.abs(g), axis=-1))) - self.grid.emax
        e = xp.clip(e, -127, 127)
        # Exact: a power of two; what underflows here lies far below half of the smallest step.
        return self.grid.encode(g * power_of_two(-e)[..., None]), (e + 127,)

    @override
    def dequantize(self, codes: Array, params: Params) -> Array:
        xp = namespace(codes)
        e = xp.astype(params[0], xp.int32) - 127
        return self.grid.decode(codes) * power_of_two(e)[..., None]

    @override
    def detail(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
        codes, (stored,) = self.quantize(g)
        e = stored - 127
        scale = power_of_two(e)[..., None]
        largest = np.abs(g).max(axis=-1)
        saturated = int(((largest > 0) & (largest < 2.0 ** (self.grid.emax - 127))).sum())
        clipped = np.abs(g) > self.grid.top * scale
        return self.grid.decode(codes), scale, e[..., None].astype(np.float32), clipped, saturated

    @override
    def fast(self, g: Array, axis: int) -> Array | None:
        if axis != -1 or not is_torch_array(g):
            return None
        from engine.labs.kv_cache.formats import fast

        return fast.mx(g, self.grid)
