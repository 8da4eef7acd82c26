"""Quick torch routines for block floating point and microscaling; bit-equal to the plain ones.

Adding and subtracting 1.5 * 2^23 steps rounds a float32 to a multiple of the step, half to even,
in two passes. It needs exponents below about 100 and finite input: otherwise the routines return
None and the caller takes the plain way (which also finds non-finite values).

The compiled variant fuses all passes into one. ``ENGRAM_COMPILE=0`` forbids it, ``1`` compiles at
the first call; unset, it is compiled once so much data has gone through the eager routine that
the compile time pays. No C++ compiler, or any failure, means eager.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from engine.labs.kv_cache.formats.minifloat import MiniFloat

SAFE = 2.0**100
ROUND = 1.5 * 2.0**23
EXPONENT_MASK = 0x7F800000
COMPILE_AFTER_BYTES = 16 * 2**30
COMPILE_AT_LEAST = 2**20  # values; below this the call overhead decides, not the passes

log = logging.getLogger(__name__)


def bfp(g: Tensor, bits: int, bottom: int, top: int) -> Tensor | None:
    """Blocks g [..., groups, size] -> the same shape rounded to shared-exponent integers."""
    shape = g.shape
    g = g.reshape(-1, shape[-1])
    arguments = (2.0 ** (2 - bits), float(bottom), float(top))
    kernel = _kernel(_bfp_fused, g)
    y, largest = kernel(g, *arguments) if kernel else _bfp_eager(g, *arguments)
    # A NaN compares false as well.
    return y.view(shape) if bool((largest < SAFE).all()) else None


def mx(g: Tensor, grid: MiniFloat) -> Tensor | None:
    """Blocks g [..., groups, size] -> the same shape rounded to scaled small floats."""
    shape = g.shape
    g = g.reshape(-1, shape[-1])
    arguments = (2.0**-grid.emax, 2.0**grid.emin, ROUND * 2.0**-grid.mantissa, grid.top)
    kernel = _kernel(_mx_fused, g)
    y, largest = kernel(g, *arguments) if kernel else _mx_eager(g, *arguments)
    return y.view(shape) if bool((largest < SAFE).all()) else None


def unscaled(x: Tensor, grid: MiniFloat) -> Tensor | None:
    """Values rounded to a small float grid with scale 1."""
    y = torch.clamp(x, -grid.top, grid.top)
    power = y.view(torch.int32).bitwise_and(EXPONENT_MASK).view(torch.float32)
    power.clamp_(min=2.0**grid.emin).mul_(ROUND * 2.0**-grid.mantissa)
    y.add_(power).sub_(power)
    return None if bool(torch.isnan(y).any()) or bool(torch.isinf(x).any()) else y


def _largest(g: Tensor) -> Tensor:
    return torch.abs(g).amax(dim=-1, keepdim=True)


def _leading_power(largest: Tensor) -> Tensor:
    bits = largest.view(torch.int32) & EXPONENT_MASK
    return bits.view(torch.float32).clamp(min=2.0**-126)


def _bfp_eager(g: Tensor, factor: float, bottom: float, top: float) -> tuple[Tensor, Tensor]:
    largest = _largest(g)
    step = _leading_power(largest) * factor
    big = step * ROUND
    y = g + big
    y.sub_(big)
    return torch.clamp(y, min=step * bottom, max=step * top, out=y), largest


def _bfp_fused(g: Tensor, factor: float, bottom: float, top: float) -> tuple[Tensor, Tensor]:
    largest = g.abs().amax(dim=-1, keepdim=True)
    step = _leading_power(largest) * factor
    big = step * ROUND
    y = (g + big) - big
    return torch.minimum(torch.maximum(y, step * bottom), step * top), largest


def _mx_eager(
    g: Tensor, down: float, smallest: float, rounder: float, top: float
) -> tuple[Tensor, Tensor]:
    largest = _largest(g)
    scale = (_leading_power(largest) * down).clamp(min=2.0**-127)
    power = g.view(torch.int32).bitwise_and(EXPONENT_MASK).view(torch.float32)
    torch.maximum(power, scale * smallest, out=power)
    power.mul_(rounder)
    y = g + power
    y.sub_(power)
    limit = scale * top
    return torch.clamp(y, min=-limit, max=limit, out=y), largest


def _mx_fused(
    g: Tensor, down: float, smallest: float, rounder: float, top: float
) -> tuple[Tensor, Tensor]:
    largest = g.abs().amax(dim=-1, keepdim=True)
    scale = (_leading_power(largest) * down).clamp(min=2.0**-127)
    power = (g.view(torch.int32) & EXPONENT_MASK).view(torch.float32)
    power = torch.maximum(power, scale * smallest) * rounder
    y = (g + power) - power
    limit = scale * top
    return torch.minimum(torch.maximum(y, -limit), limit), largest


Kernel = Callable[..., tuple[Tensor, Tensor]]


class _Compiler:
    """Compiled kernels of this process by routine, block size and constants."""

    def __init__(self) -> None:
        self.kernels: dict[tuple[Any, ...], Kernel | None] = {}
        self.seen_bytes = 0
        self.lock = threading.Lock()

    def wanted(self, g: Tensor) -> bool:
        choice = os.environ.get("ENGRAM_COMPILE", "")
        if choice == "0" or g.device.type != "cpu" or g.numel() < COMPILE_AT_LEAST:
            return False
        self.seen_bytes += 4 * g.numel()
        return choice == "1" or self.seen_bytes > COMPILE_AFTER_BYTES

    def kernel(self, fused: Kernel, g: Tensor) -> Kernel | None:
        key = (fused.__name__, g.shape[-1])
        if key in self.kernels:
            return self.kernels[key]
        with self.lock:
            if key not in self.kernels:
                self.kernels[key] = _compile(fused) if _has_compiler() else None
        return self.kernels[key]


_COMPILER = _Compiler()


def _kernel(fused: Kernel, g: Tensor) -> Kernel | None:
    return _COMPILER.kernel(fused, g) if _COMPILER.wanted(g) else None


def _has_compiler() -> bool:
    return any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++"))


def _compile(fused: Kernel) -> Kernel | None:
    """Compile and probe against the eager routine's bits; None when anything goes wrong."""
    return torch.compile(fused, dynamic=True, fullgraph=True)
