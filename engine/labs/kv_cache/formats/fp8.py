"""FP8 caches: OCP E4M3 or E5M2 with scale 1 (the serving default), per tensor or per head.

Scaled variants store float32 scales max|x| / max(grid), one per [tokens, width] matrix or one per
head of it. Without calibration they are taken from the tensor itself; ``calibrated`` freezes them,
as a server does. Values beyond the largest saturate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from typing_extensions import override

from engine.core import BadInput
from engine.labs.kv_cache.formats.arrays import Array, constant, is_torch_array, namespace
from engine.labs.kv_cache.formats.base import Codec, Detail, Planes, Scope, whole_heads
from engine.labs.kv_cache.formats.minifloat import MiniFloat


@dataclass(frozen=True)
class Fp8(Codec):
    """Eight-bit floats; ``scaling`` says who shares a scale."""

    grid: MiniFloat
    scaling: Literal["one", "tensor", "head"] = "one"
    fixed: tuple[float, ...] | None = None

    @property
    @override
    def needs_calibration(self) -> bool:  # type: ignore[override]
        return self.scaling != "one"

    @override
    def check(self, scope: Scope) -> None:
        if self.scaling == "head":
            whole_heads(scope, "a per-head format")
        if self.fixed and len(self.fixed) != self._count(scope):
            raise BadInput("x", f"calibrated for {len(self.fixed)} scales, not this width")

    @override
    def block_shape(self, scope: Scope) -> tuple[int, int]:
        if self.scaling == "one":
            return (1, 1)
        return (scope.tokens, scope.head_dim if self.scaling == "head" else scope.width)

    @override
    def plane_bits(self, scope: Scope) -> dict[str, tuple[int, int, int]]:
        planes = {"codes": (scope.tokens, scope.width, 8)}
        if self.scaling != "one":
            planes["scale"] = (1, self._count(scope), 32)
        return planes

    @override
    def quantize(self, x: Array, scope: Scope) -> Planes:
        if self.scaling == "one":
            return {"codes": self.grid.encode(x)}
        xp = namespace(x)
        scale = self._scale(x, scope)  # ... 1 scales
        wide = self._wide(scale, scope)
        safe = xp.where(wide > 0, wide, xp.ones_like(wide))
        return {"codes": self.grid.encode(x / safe), "scale": scale}

    @override
    def dequantize(self, planes: Planes, scope: Scope) -> Array:
        values = self.grid.decode(planes["codes"])
        return values if self.scaling == "one" else values * self._wide(planes["scale"], scope)

    @override
    def fast(self, x: Array, scope: Scope) -> Array | None:
        if self.scaling != "one" or not is_torch_array(x):
            return None
        from engine.labs.kv_cache.formats import fast

        return fast.unscaled(x, self.grid)

    @override
    def detail(self, x: np.ndarray, scope: Scope) -> Detail:
        nothing = np.full(x.shape, np.nan, dtype=np.float32)
        if self.scaling == "one":
            scale = np.ones_like(x)
        else:
            scale = np.broadcast_to(self._wide(self._scale(x, scope), scope), x.shape)
        code = self.grid.decode(self.quantize(x, scope)["codes"])
        block = np.zeros(x.shape, dtype=np.int64)
        if self.scaling == "head":
            block += np.arange(scope.width) // scope.head_dim
        # Nothing but an explicit (or calibrated) scale can push a value beyond the grid.
        return Detail(code, scale, nothing, np.abs(x) > self.grid.top * scale, block)

    @override
    def calibrated(self, samples: np.ndarray, weights: np.ndarray | None, scope: Scope) -> Codec:
        if self.scaling == "one":
            return self
        scale = replace(self, fixed=None)._scale(samples, scope)
        return replace(self, fixed=tuple(float(s) for s in scale.ravel()))

    def _count(self, scope: Scope) -> int:
        return scope.width // scope.head_dim if self.scaling == "head" else 1

    def _scale(self, x: Array, scope: Scope) -> Array:
        xp = namespace(x)
        count = self._count(scope)
        if self.fixed:
            fixed = constant(np.array(self.fixed, dtype=np.float32), x)
            return xp.broadcast_to(fixed, (*x.shape[:-2], 1, count)) + 0.0
        heads = xp.reshape(xp.max(xp.abs(x), axis=-2), (*x.shape[:-2], 1, count, -1))
        return xp.max(heads, axis=-1) / self.grid.top

    def _wide(self, scale: Array, scope: Scope) -> Array:
        """[..., 1, scales] -> [..., 1, width]."""
        xp = namespace(scale)
        return xp.repeat(scale, scope.width // self._count(scope), axis=-1)
