"""Floats of one width for every value: fp32, fp16 and bf16. Overflow saturates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from typing_extensions import override

from engine.labs.kv_cache.formats.arrays import (
    FLOAT16_MAX,
    Array,
    bits_of,
    floats_of,
    namespace,
    to_float16,
)
from engine.labs.kv_cache.formats.base import Codec, Detail, Planes, Scope

BFLOAT16_MAX = 3.3895313892515355e38


@dataclass(frozen=True)
class Plain(Codec):
    """A cast."""

    kind: Literal["fp32", "fp16", "bf16"]

    @override
    def block_shape(self, scope: Scope) -> tuple[int, int]:
        return (1, 1)

    @override
    def plane_bits(self, scope: Scope) -> dict[str, tuple[int, int, int]]:
        return {"codes": (scope.tokens, scope.width, 32 if self.kind == "fp32" else 16)}

    @override
    def quantize(self, x: Array, scope: Scope) -> Planes:
        if self.kind == "fp32":
            return {"codes": x}
        if self.kind == "fp16":
            return {"codes": to_float16(x)}
        # Round half to even on the upper 16 bits; |x| is clipped first, so no carry overflows.
        bits = bits_of(namespace(x).clip(x, -BFLOAT16_MAX, BFLOAT16_MAX))
        upper = (bits + (0x7FFF + ((bits >> 16) & 1))) >> 16
        return {"codes": upper & 0xFFFF}

    @override
    def dequantize(self, planes: Planes, scope: Scope) -> Array:
        codes = planes["codes"]
        xp = namespace(codes)
        if self.kind == "bf16":
            # Left shift moves the sign bit into place through int32's wrap-around.
            return floats_of(xp.astype(codes, xp.int32) << 16)
        return xp.astype(codes, xp.float32)

    @override
    def detail(self, x: np.ndarray, scope: Scope) -> Detail:
        nothing = np.full(x.shape, np.nan, dtype=np.float32)
        value = self.dequantize(self.quantize(x, scope), scope)
        e = np.maximum(np.frexp(value)[1] - 1, -14 if self.kind == "fp16" else -126)
        mantissa = {"fp32": 23, "fp16": 10, "bf16": 7}[self.kind]
        limit = {"fp32": np.inf, "fp16": FLOAT16_MAX, "bf16": BFLOAT16_MAX}[self.kind]
        step = np.ldexp(np.float32(1), e - mantissa)
        block = np.arange(x.size).reshape(x.shape)
        return Detail(value, step, nothing, np.abs(x) > limit, block)
