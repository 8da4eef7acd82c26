"""The few array operations that NumPy and torch spell differently, so that maths is written once.

Everything here takes and returns arrays of the caller's own library, on its own device, and gives
the same bits in both: only IEEE elementwise operations and reductions whose order is fixed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_torch_array

Array = Any

FLOAT32_MAX = float(np.finfo(np.float32).max)
FLOAT16_MAX = 65504.0
MIN_NORMAL = 2.0**-126
_EXPONENT_MASK = 0x7F800000

__all__ = [
    "FLOAT16_MAX",
    "FLOAT32_MAX",
    "MIN_NORMAL",
    "Array",
    "as_float32",
    "bits_of",
    "constant",
    "exponent",
    "floats_of",
    "from_host",
    "is_torch_array",
    "leading_power",
    "namespace",
    "power_of_two",
    "project",
    "scatter_last",
    "square_root",
    "to_dtype",
    "to_float16",
    "to_host",
    "top_positions",
    "tree_sum",
]


def namespace(x: Array) -> Any:
    """The array API namespace of ``x``."""
    return array_namespace(x)


def as_float32(x: Array) -> Array:
    """``x`` as a contiguous float32 array without a gradient history."""
    if is_torch_array(x):
        import torch

        return x.detach().to(torch.float32).contiguous()
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(x, dtype=np.float32)


def to_dtype(x: Array, like: str) -> Array:
    """Round to the dtype called ``like``, saturating at its largest finite value."""
    if is_torch_array(x):
        import torch

        dtype = getattr(torch, like)
        if dtype == x.dtype:
            return x
        if dtype in (torch.float16, torch.bfloat16):
            limit = torch.finfo(dtype).max
            x = torch.clamp(x, -limit, limit)
        return x.to(dtype)
    if like == "float16":
        x = np.clip(x, -FLOAT16_MAX, FLOAT16_MAX)
    if like == "bfloat16":
        limit = np.float32(3.3895313892515355e38)
        x = np.clip(x, -limit, limit)
        import ml_dtypes  # a NumPy array can only be bfloat16 where this package is in use

        return x.astype(ml_dtypes.bfloat16)
    return x.astype(like, copy=False)


def to_float16(x: Array) -> Array:
    """Round to half precision, saturating at 65504: how scales, zeros and exact tokens are kept."""
    return to_dtype(x, "float16")


def constant(values: np.ndarray, like: Array) -> Array:
    """A NumPy table in the library and on the device of ``like``."""
    if is_torch_array(like):
        import torch

        return torch.tensor(values, device=like.device)
    return values


def to_host(x: Array) -> np.ndarray:
    """A NumPy array with the values of ``x``."""
    return x.detach().cpu().numpy() if is_torch_array(x) else np.asarray(x)


def from_host(values: np.ndarray, like: Array) -> Array:
    """The way back from ``to_host``."""
    return constant(np.ascontiguousarray(values), like) if is_torch_array(like) else values


def bits_of(x: Array) -> Array:
    """The bit pattern of float32 values as int32."""
    if is_torch_array(x):
        import torch

        return x.contiguous().view(torch.int32)
    return np.ascontiguousarray(x).view(np.int32)


def floats_of(bits: Array) -> Array:
    """The float32 values of int32 bit patterns."""
    if is_torch_array(bits):
        import torch

        return bits.contiguous().view(torch.float32)
    return np.ascontiguousarray(bits).view(np.float32)


def leading_power(x: Array) -> Array:
    """2^floor(log2|x|), never below 2^-126: the exponent field of each float32, as a value."""
    xp = namespace(x)
    power = floats_of(bits_of(x) & _EXPONENT_MASK)
    return xp.maximum(power, xp.full_like(power, MIN_NORMAL))


def exponent(power: Array) -> Array:
    """The int32 exponent e of powers of two 2^e with e >= -126."""
    return (bits_of(power) >> 23) - 127


def power_of_two(e: Array) -> Array:
    """2^e as float32 for int32 exponents -149..127, subnormal results included."""
    xp = namespace(e)
    normal = xp.clip(e, -126, 127)
    rest = xp.clip(e - normal, -126, 0)
    return floats_of((normal + 127) << 23) * floats_of((rest + 127) << 23)


def square_root(x: Array) -> Array:
    """Correctly rounded float32 roots (torch's own float32 root can be off by the last bit)."""
    xp = namespace(x)
    return xp.astype(xp.sqrt(xp.astype(x, xp.float64)), xp.float32)


def tree_sum(x: Array) -> Array:
    """Sum along the last axis by halves, so that both libraries add in the same order."""
    xp = namespace(x)
    while (n := x.shape[-1]) > 1:
        half = n // 2
        paired = x[..., :half] + x[..., half : 2 * half]
        x = paired if n % 2 == 0 else xp.concat((paired, x[..., -1:]), axis=-1)
    return x[..., 0]


def top_positions(x: Array, count: int) -> Array:
    """Rising positions of the ``count`` largest values of the last axis; of equals the first."""
    xp = namespace(x)
    return xp.sort(xp.argsort(-x, axis=-1, stable=True)[..., :count], axis=-1)


def scatter_last(x: Array, positions: Array, values: Array) -> Array:
    """A copy of ``x`` with ``values`` at ``positions`` of the last axis."""
    if is_torch_array(x):
        return x.scatter(-1, positions.long(), values.to(x.dtype))
    filled = np.array(x)
    np.put_along_axis(filled, np.asarray(positions, dtype=np.int64), values, axis=-1)
    return filled


def project(x: Array, matrix: Array) -> Array:
    """x @ matrix for x [..., n], added up in one order whatever the library and batch size."""
    total = x[..., :1] * matrix[0]
    for i in range(1, matrix.shape[0]):
        total = total + x[..., i : i + 1] * matrix[i]
    return total
