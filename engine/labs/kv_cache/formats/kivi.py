"""KIVI (arXiv 2402.02750): keys per channel over groups of tokens, values per token.

Both are asymmetric integers in groups of G. The newest tokens stay fp16: keys leave that window R
at a time, values one at a time (format.py holds the windows).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from engine.labs.kv_cache.formats.arrays import Array
from engine.labs.kv_cache.formats.base import Codec, Detail, Planes, Role, Scope
from engine.labs.kv_cache.formats.grouped import Grouped
from engine.labs.kv_cache.formats.integers import IntAsym


@dataclass(frozen=True)
class Kivi(Codec):
    """The axis follows from the role of the tensor."""

    bits: int
    group: int

    def side(self, role: Role) -> Grouped:
        """The integer format of keys or of values."""
        element = IntAsym(self.bits)
        return Grouped(element, "tokens" if role == "key" else "channels", self.group)

    @override
    def token_group(self, role: Role) -> int:
        return self.side(role).token_group(role)

    @override
    def block_shape(self, scope: Scope) -> tuple[int, int]:
        return self.side(scope.role).block_shape(scope)

    @override
    def plane_bits(self, scope: Scope) -> Mapping[str, tuple[int, int, int]]:
        return self.side(scope.role).plane_bits(scope)

    @override
    def quantize(self, x: Array, scope: Scope) -> Planes:
        return self.side(scope.role).quantize(x, scope)

    @override
    def dequantize(self, planes: Planes, scope: Scope) -> Array:
        return self.side(scope.role).dequantize(planes, scope)

    @override
    def fast(self, x: Array, scope: Scope) -> Array | None:
        return self.side(scope.role).fast(x, scope)

    @override
    def detail(self, x: np.ndarray, scope: Scope) -> Detail:
        return self.side(scope.role).detail(x, scope)
