"""NVFP4: E2M1 elements, an E4M3 scale per block of 16, a float32 scale per tensor.

Usual recipe: g = max|tensor| / (6 * 448), block scale = e4m3(max|block| / 6 / g), step = scale * g.
The tensor is one [tokens, width] matrix. Without calibration g comes from the matrix itself;
``calibrated`` freezes it. Blocks run along channels; the last one of a width may be shorter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from typing_extensions import override

from engine.labs.kv_cache.formats.arrays import Array, namespace
from engine.labs.kv_cache.formats.base import Codec, Detail, Planes, Scope
from engine.labs.kv_cache.formats.minifloat import E2M1, E4M3

BLOCK = 16


@dataclass(frozen=True)
class Nvfp4(Codec):
    """Two-level scaling."""

    fixed: float | None = None
    needs_calibration = True

    @override
    def block_shape(self, scope: Scope) -> tuple[int, int]:
        return (1, min(BLOCK, scope.width))

    @override
    def plane_bits(self, scope: Scope) -> dict[str, tuple[int, int, int]]:
        return {
            "codes": (scope.tokens, scope.width, 4),
            "scale": (scope.tokens, -(-scope.width // BLOCK), 8),
            "tensor_scale": (1, 1, 32),
        }

    @override
    def quantize(self, x: Array, scope: Scope) -> Planes:
        xp = namespace(x)
        g = self._tensor_scale(x)  # ... 1 1
        blocks = _blocks(x)  # ... t blocks 16
        largest = xp.max(xp.abs(blocks), axis=-1)
        scale = E4M3.encode(largest / 6.0 / _positive(g))
        step = _wide(_step(scale, g), scope.width)
        codes = E2M1.encode(x / _positive(step))
        codes = xp.where(step > 0, codes, xp.zeros_like(codes))
        return {"codes": codes, "scale": scale, "tensor_scale": g}

    @override
    def dequantize(self, planes: Planes, scope: Scope) -> Array:
        step = _wide(_step(planes["scale"], planes["tensor_scale"]), scope.width)
        return E2M1.decode(planes["codes"]) * step

    @override
    def detail(self, x: np.ndarray, scope: Scope) -> Detail:
        planes = self.quantize(x, scope)
        step = _wide(_step(planes["scale"], planes["tensor_scale"]), scope.width)
        count = -(-scope.width // BLOCK)
        block = np.arange(scope.tokens)[:, None] * count + np.arange(scope.width) // BLOCK
        clipped = np.abs(x) > 6.0 * step
        nothing = np.full(x.shape, np.nan, dtype=np.float32)
        return Detail(E2M1.decode(planes["codes"]), step, nothing, clipped, block)

    @override
    def calibrated(self, samples: np.ndarray, weights: np.ndarray | None, scope: Scope) -> Codec:
        return replace(self, fixed=float(replace(self, fixed=None)._tensor_scale(samples)[0, 0]))

    def _tensor_scale(self, x: Array) -> Array:
        xp = namespace(x)
        largest = xp.max(xp.abs(x), axis=(-2, -1), keepdims=True)
        if self.fixed is not None:
            return xp.full_like(largest, self.fixed)
        return largest / (6.0 * 448.0)


def _blocks(x: Array) -> Array:
    """[..., width] -> [..., blocks, 16], the last one filled with zeros."""
    xp = namespace(x)
    missing = -x.shape[-1] % BLOCK
    if missing:
        zeros = xp.zeros_like(x[..., :1])
        x = xp.concat((x, *([zeros] * missing)), axis=-1)
    return xp.reshape(x, (*x.shape[:-1], -1, BLOCK))


def _step(scale: Array, g: Array) -> Array:
    return E4M3.decode(scale) * g


def _positive(x: Array) -> Array:
    xp = namespace(x)
    return xp.where(x > 0, x, xp.ones_like(x))


def _wide(step: Array, width: int) -> Array:
    """[..., blocks] -> [..., width]."""
    return namespace(step).repeat(step, BLOCK, axis=-1)[..., :width]
