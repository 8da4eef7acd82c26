"""Formats that scale a run of neighbours together: blocks along channels or along tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from typing_extensions import override

from engine.labs.kv_cache.formats.arrays import Array, namespace
from engine.labs.kv_cache.formats.base import Codec, Detail, Planes, Role, Scope, whole_heads

Params = tuple[Array, ...]


class Element(ABC):
    """How one group is coded. Groups run along the last axis: g is [..., groups, size]."""

    code_bits: int
    param_bits: Mapping[str, int]  # name of each stored parameter of a group -> bits

    @abstractmethod
    def quantize(self, g: Array) -> tuple[Array, Params]:
        """Codes 0..2^code_bits-1 (float32 or integer) and parameters [..., groups]."""

    @abstractmethod
    def dequantize(self, codes: Array, params: Params) -> Array:
        """Float32 values."""

    @abstractmethod
    def detail(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
        """Code, step, exponent, clipped (each broadcastable to ``g``), saturated groups."""

    def fast(self, g: Array, axis: int) -> Array | None:
        """The same values by a quick routine for groups along ``axis``, or None."""
        return None


@dataclass(frozen=True)
class Grouped(Codec):
    """An Element over groups of ``size`` neighbours along ``along``.

    ``size`` None takes the whole width of a token, or one head where ``per_head`` is set. Where
    the axis is not a multiple of the group, its last group is shorter.
    """

    element: Element
    along: Literal["channels", "tokens"] = "channels"
    size: int | None = None
    per_head: bool = False

    @override
    def check(self, scope: Scope) -> None:
        if self.per_head:
            whole_heads(scope, "a per-head format")

    @override
    def token_group(self, role: Role) -> int:
        return (self.size or 1) if self.along == "tokens" else 1

    def group(self, scope: Scope) -> int:
        """Values of one full group."""
        return self.size or (scope.head_dim if self.per_head else scope.width)

    @override
    def block_shape(self, scope: Scope) -> tuple[int, int]:
        group = self.group(scope)
        return (group, 1) if self.along == "tokens" else (1, min(group, scope.width))

    @override
    def plane_bits(self, scope: Scope) -> dict[str, tuple[int, int, int]]:
        planes = {"codes": (scope.tokens, scope.width, self.element.code_bits)}
        group = self.group(scope)
        if self.along == "tokens":
            rows, columns = -(-scope.tokens // group), scope.width
        else:
            rows, columns = scope.tokens, -(-scope.width // group)
        for name, bits in self.element.param_bits.items():
            planes[name] = (rows, columns, bits)
        return planes

    @override
    def quantize(self, x: Array, scope: Scope) -> Planes:
        lines = self._lines(x)
        parts = [self.element.quantize(g) for g in _split(lines, self.group(scope))]
        codes = _join([codes for codes, _ in parts])
        planes = {"codes": self._lines(codes)}
        for i, name in enumerate(self.element.param_bits):
            param = _concat([params[i] for _, params in parts])  # ... lines groups
            planes[name] = self._lines(param)
        return planes

    @override
    def dequantize(self, planes: Planes, scope: Scope) -> Array:
        codes = _split(self._lines(planes["codes"]), self.group(scope))
        params = [self._lines(planes[name]) for name in self.element.param_bits]
        values, first = [], 0
        for part in codes:
            last = first + part.shape[-2]
            values.append(
                self.element.dequantize(part, tuple(param[..., first:last] for param in params))
            )
            first = last
        return self._lines(_join(values))

    @override
    def fast(self, x: Array, scope: Scope) -> Array | None:
        group = self.group(scope)
        if self.along == "channels":
            if scope.width % group:
                return None
            values = self.element.fast(_split(x, group)[0], -1)
        else:
            if scope.tokens % group:
                return None
            shape = (*x.shape[:-2], scope.tokens // group, group, scope.width)
            values = self.element.fast(namespace(x).reshape(x, shape), -2)
        return None if values is None else values.reshape(x.shape)

    @override
    def detail(self, x: np.ndarray, scope: Scope) -> Detail:
        parts, saturated, blocks = [], 0, []
        lines = self._lines(x)
        count = -(-lines.shape[-1] // self.group(scope))
        first = 0
        for g in _split(lines, self.group(scope)):
            *arrays, beyond = self.element.detail(g)
            parts.append([np.broadcast_to(a, g.shape) for a in arrays])
            ids = np.arange(g.shape[-2])[None, :, None] + first
            ids = ids + count * np.arange(g.shape[0])[:, None, None]
            blocks.append(np.broadcast_to(ids, g.shape))
            first += g.shape[-2]
            saturated += beyond
        code, step, exponent, clipped = (
            np.ascontiguousarray(self._lines(_join([part[i] for part in parts]))) for i in range(4)
        )
        block = np.ascontiguousarray(self._lines(_join(blocks)))
        return Detail(code, step, exponent, clipped, block, saturated)

    def _lines(self, x: Array) -> Array:
        """Put the axis along which groups run last (its own inverse)."""
        if self.along == "channels":
            return x
        xp = namespace(x)
        swapped = xp.moveaxis(x, -1, -2)
        return swapped


def _split(x: Array, group: int) -> list[Array]:
    """[..., n] -> the full groups [..., n // group, group] and, if any, the shorter last one."""
    xp = namespace(x)
    n = x.shape[-1]
    full = n - n % group
    parts = []
    if full:
        parts.append(xp.reshape(x[..., :full], (*x.shape[:-1], full // group, group)))
    if full < n:
        parts.append(x[..., None, full:])
    return parts


def _join(parts: list[Array]) -> Array:
    """The inverse of ``_split``."""
    xp = namespace(parts[0])
    return _concat([xp.reshape(part, (*part.shape[:-2], -1)) for part in parts])


def _concat(parts: list[Array]) -> Array:
    return parts[0] if len(parts) == 1 else namespace(parts[0]).concat(parts, axis=-1)
