"""Half-quadratic quantisation (HQQ): the zero point that minimises an l_p error with p < 1.

As published (mobiusml/hqq): s = (2^n - 1) / (max - min), at most 2e4, and 1 where the range is
below 1e-4; then up to 20 rounds of

    q = clamp(round(x s + z));  e = shrink(x - (q - z) / s);  z = mean(q - (x - e) s)

with shrink(v) = sign(v) max(|v| - |v|^(p-1) / beta, 0), p = 0.7, beta = 10 * 1.01^round. The
published loop stops for the whole tensor when the mean |error| no longer falls; here each group
keeps the zero point of its own best round, so that groups do not depend on each other. 1/s and z
are stored in half precision, and the final codes are computed with the stored ones.

The loop runs in NumPy for both libraries: powers differ in the last bit between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from engine.labs.kv_cache.formats.arrays import (
    FLOAT32_MAX,
    Array,
    from_host,
    namespace,
    to_float16,
    to_host,
    tree_sum,
)
from engine.labs.kv_cache.formats.grouped import Element, Params

P = np.float32(0.7)
BETA = 10.0
KAPPA = 1.01
ROUNDS = 20
LARGEST_INVERSE = 2e4
SMALLEST_RANGE = 1e-4


@dataclass(frozen=True)
class Hqq(Element):
    """x' = (q - z) * scale with an optimised z."""

    code_bits: int

    @property
    @override
    def param_bits(self) -> Mapping[str, int]:  # type: ignore[override]
        return {"scale": 16, "zero": 16}

    @override
    def quantize(self, g: Array) -> tuple[Array, Params]:
        scale, zero = (from_host(p, g) for p in self._fit(to_host(g)))
        xp = namespace(g)
        s, z = (xp.astype(p, xp.float32)[..., None] for p in (scale, zero))
        codes = xp.round(xp.clip(g / s + z, 0.0, float(2**self.code_bits - 1)))
        return codes, (scale, zero)

    @override
    def dequantize(self, codes: Array, params: Params) -> Array:
        xp = namespace(codes)
        s, z = (xp.astype(p, xp.float32)[..., None] for p in params)
        return (xp.astype(codes, xp.float32) - z) * s

    @override
    def detail(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
        codes, (scale, zero) = self.quantize(g)
        s, z = (p.astype(np.float32)[..., None] for p in (scale, zero))
        place = g / s + z
        clipped = (place < -0.5) | (place > 2**self.code_bits - 0.5)
        beyond = np.isin(np.abs(np.stack((scale, zero))), 65504.0).any(axis=0).sum()
        return codes, s, np.full_like(s, np.nan), clipped, int(beyond)

    def _fit(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Half-precision scale and zero [..., groups] of g [..., groups, size]."""
        top = np.float32(2**self.code_bits - 1)
        low = g.min(axis=-1, keepdims=True)
        with np.errstate(over="ignore", under="ignore"):
            spread = np.minimum(g.max(axis=-1, keepdims=True) - low, np.float32(FLOAT32_MAX))
            inverse = np.minimum(top / np.maximum(spread, np.float32(1e-30)), LARGEST_INVERSE)
            inverse = np.where(spread <= SMALLEST_RANGE, np.float32(1), inverse).astype(np.float32)
            zero = -low * inverse
            best_zero, best_error = zero, np.full_like(zero, np.inf)
            for step in range(ROUNDS):
                q = np.clip(np.round(g * inverse + zero), 0, top)
                error = g - (q - zero) / inverse
                size = np.abs(error)
                mean = tree_sum(np.minimum(size, np.float32(FLOAT32_MAX / g.shape[-1])))
                better = mean[..., None] < best_error
                best_error = np.where(better, mean[..., None], best_error)
                best_zero = np.where(better, zero, best_zero)
                beta = np.float32(BETA * KAPPA**step)
                # |v|^(p-1) has a pole at zero, where the shrunken error is zero anyway.
                pull = np.power(np.maximum(size, np.float32(1e-8)), P - 1) / beta
                shrunk = np.sign(error) * np.maximum(size - pull, 0)
                zero = tree_sum(q - (g - shrunk) * inverse)[..., None] / np.float32(g.shape[-1])
        # The smallest half-precision normal: a scale of zero could not be divided by.
        scale = to_float16(np.maximum(1 / inverse, np.float32(2.0**-14)))
        return scale[..., 0], to_float16(best_zero)[..., 0]
