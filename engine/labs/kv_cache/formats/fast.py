"""Quick torch routines for block floats, microscaling and integers; bit-equal to the plain ones.

Adding and subtracting 1.5 * 2^23 steps rounds a float32 to a multiple of the step, half to even,
in two passes. It needs exponents below about 100 and finite input: otherwise the routines return
None and the caller takes the plain way (which also finds non-finite values).

The compiled variant fuses all passes into one (symmetric codes, CPU). ``ENGRAM_COMPILE=0`` forbids
it, ``1`` compiles at the first large call; unset, a process compiles once so much data has gone
through the eager routines that the compile time pays. No C++ compiler, or any failure, means
eager: the values are the same.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable

import torch
from torch import Tensor

from engine.labs.kv_cache.formats.minifloat import MiniFloat

SAFE = 2.0**100
ROUND = 1.5 * 2.0**23
EXPONENT_MASK = 0x7F800000
MAGNITUDE_MASK = 0x7FFFFFFF
SMALLEST_NORMAL_BITS = 0x00800000
COMPILE_AFTER_BYTES = 16 * 2**30
COMPILE_AT_LEAST = 2**18  # values; below this the overhead of a call decides, not the passes

log = logging.getLogger(__name__)

Result = tuple[Tensor, Tensor]
Kernel = Callable[..., Result]


def bfp(g: Tensor, bits: int, bottom: int, top: int) -> Tensor | None:
    """Blocks g [..., groups, size] -> the same shape rounded to shared-exponent integers."""
    step = 2.0 ** (2 - bits)
    if bottom != -top:
        return _checked(_bfp_eager, g, step * ROUND, step * bottom, step * top)
    return _run(_bfp_eager, _bfp_fused, g, step * ROUND, step * bottom, step * top)


def mx(g: Tensor, grid: MiniFloat) -> Tensor | None:
    """Blocks g [..., groups, size] -> the same shape rounded to scaled small floats."""
    constants = (2.0**-grid.emax, 2.0**grid.emin, ROUND * 2.0**-grid.mantissa, grid.top)
    return _run(_mx_eager, _mx_fused, g, *constants)


def unscaled(x: Tensor, grid: MiniFloat) -> Tensor | None:
    """Values rounded to a small float grid with scale 1."""
    if not float(torch.abs(x).amax()) < SAFE:
        return None
    y = torch.clamp(x, -grid.top, grid.top)
    power = y.view(torch.int32).bitwise_and(EXPONENT_MASK).view(torch.float32)
    power.clamp_(min=2.0**grid.emin).mul_(ROUND * 2.0**-grid.mantissa)
    return y.add_(power).sub_(power)


def int_asym(g: Tensor, top: int, axis: int) -> Tensor | None:
    """Groups along ``axis`` rounded to integers with half-precision scale and zero."""
    low, high = g.amin(dim=axis, keepdim=True), g.amax(dim=axis, keepdim=True)
    scale = _half((high - low) / float(top))
    zero = _half(low + 0.0)
    # Infinity and NaN leave their mark on the extremes.
    if not float(torch.maximum(high, -low).amax()) < SAFE:
        return None
    y = g - zero
    y.div_(torch.where(scale > 0, scale, 1.0)).clamp_(0.0, float(top)).round_()
    return y.mul_(scale).add_(zero)


def int_sym(g: Tensor, top: int, axis: int) -> Tensor | None:
    """Groups along ``axis`` rounded to symmetric integers with a half-precision scale."""
    largest = torch.abs(g).amax(dim=axis, keepdim=True)
    if not float(largest.amax()) < SAFE:
        return None
    scale = _half(largest / float(top))
    y = g / torch.where(scale > 0, scale, 1.0)
    y = y.round_().clamp_(-float(top), float(top)).mul_(scale)
    return y.add_(0.0)  # no negative zeros


def _half(x: Tensor) -> Tensor:
    return x.clamp(-65504.0, 65504.0).to(torch.float16).to(torch.float32)


def _run(eager: Kernel, fused: Kernel, g: Tensor, *constants: float) -> Tensor | None:
    kernel = COMPILER.kernel(fused, g) if COMPILER.wanted(g) else None
    if kernel is not None:
        try:
            return _checked(kernel, g, *constants)
        except Exception:
            COMPILER.give_up(fused, g)
    return _checked(eager, g, *constants)


def _checked(kernel: Kernel, g: Tensor, *constants: float) -> Tensor | None:
    rows = g.reshape(-1, g.shape[-1])
    y, largest = kernel(rows, *constants)
    # A NaN is the maximum of anything and compares false.
    return y.view(g.shape) if float(largest.amax()) < SAFE else None


def _leading_power(largest: Tensor) -> Tensor:
    bits = (largest.view(torch.int32) & EXPONENT_MASK).clamp(min=SMALLEST_NORMAL_BITS)
    return bits.view(torch.float32)


def _bfp_eager(g: Tensor, rounder: float, bottom: float, top: float) -> Result:
    y = torch.abs(g)
    largest = y.amax(dim=-1, keepdim=True)
    power = _leading_power(largest)
    big = power * rounder
    torch.add(g, big, out=y).sub_(big)
    # Two passes are several times faster here than one clamp with tensor limits.
    torch.maximum(y, power * bottom, out=y)
    return torch.minimum(y, power * top, out=y), largest


def _bfp_fused(g: Tensor, rounder: float, bottom: float, top: float) -> Result:
    largest = _largest_magnitude(g)
    power = _leading_power(largest)
    big = power * rounder
    return _limit((g + big) - big, power * top), largest


def _mx_eager(g: Tensor, down: float, smallest: float, rounder: float, top: float) -> Result:
    y = torch.abs(g)
    largest = y.amax(dim=-1, keepdim=True)
    scale = (_leading_power(largest) * down).clamp(min=2.0**-127)
    power = g.view(torch.int32).bitwise_and(EXPONENT_MASK).view(torch.float32)
    torch.maximum(power, scale * smallest, out=power).mul_(rounder)
    torch.add(g, power, out=y).sub_(power)
    limit = scale * top
    torch.maximum(y, -limit, out=y)
    return torch.minimum(y, limit, out=y), largest


def _mx_fused(g: Tensor, down: float, smallest: float, rounder: float, top: float) -> Result:
    largest = _largest_magnitude(g)
    scale = (_leading_power(largest) * down).clamp(min=2.0**-127)
    bits = g.view(torch.int32) & EXPONENT_MASK
    power = torch.maximum(bits, (scale * smallest).view(torch.int32)).view(torch.float32)
    power = power * rounder
    return _limit((g + power) - power, scale * top), largest


def _largest_magnitude(g: Tensor) -> Tensor:
    """The largest magnitude of each block: halves are folded onto each other as integers.

    Bits of magnitudes are ordered as the numbers are, NaN above all. Folding down to sixteen lanes
    leaves one short reduction across lanes, the slow part of a block.
    """
    bits = g.view(torch.int32) & MAGNITUDE_MASK
    while bits.shape[-1] >= 32 and bits.shape[-1] % 32 == 0:
        half = bits.shape[-1] // 2
        bits = torch.maximum(bits[..., :half], bits[..., half:])
    return bits.view(torch.float32).amax(dim=-1, keepdim=True)


def _limit(y: Tensor, limit: Tensor) -> Tensor:
    """Clip magnitudes as integers: fewer instructions than a NaN-aware float minimum."""
    bits = y.view(torch.int32)
    magnitude = torch.minimum(bits & MAGNITUDE_MASK, limit.view(torch.int32))
    return (magnitude | (bits & ~MAGNITUDE_MASK)).view(torch.float32)


class Compiler:
    """Compiled kernels of this process, one for each routine and block size."""

    def __init__(self) -> None:
        self.kernels: dict[tuple[str, int], Kernel | None] = {}
        self.seen_bytes = 0
        self.lock = threading.Lock()

    def wanted(self, g: Tensor) -> bool:
        """Whether blocks ``g`` should go through a compiled kernel."""
        choice = os.environ.get("ENGRAM_COMPILE", "")
        if choice == "0" or g.device.type != "cpu" or g.numel() < COMPILE_AT_LEAST:
            return False
        self.seen_bytes += 4 * g.numel()
        return choice == "1" or self.seen_bytes > COMPILE_AFTER_BYTES

    def kernel(self, fused: Kernel, g: Tensor) -> Kernel | None:
        """The compiled routine for this block size, or None where compiling is impossible."""
        key = (fused.__name__, g.shape[-1])
        with self.lock:
            if key not in self.kernels:
                self.kernels[key] = _compiled(fused, g.shape[-1]) if has_compiler() else None
        return self.kernels[key]

    def give_up(self, fused: Kernel, g: Tensor) -> None:
        """Remember that a kernel failed, and say so once."""
        log.info("compiling %s failed; the eager routine is used", fused.__name__, exc_info=True)
        self.kernels[fused.__name__, g.shape[-1]] = None


COMPILER = Compiler()


def has_compiler() -> bool:
    """True where a C++ compiler is on the path."""
    return any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++"))


def _compiled(fused: Kernel, size: int) -> Kernel:
    """``fused`` compiled for blocks of ``size`` (fixed, so that loops unroll) and any count."""
    compiled = torch.compile(fused, fullgraph=True)

    def kernel(g: Tensor, *constants: float) -> Result:
        torch._dynamo.maybe_mark_dynamic(g, 0)
        torch._dynamo.mark_static(g, 1)
        return compiled(g, *constants)

    return kernel
