"""Slow, scalar twins of the formats: one number at a time, element grids from ml_dtypes."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np

ELEMENTS = {
    "e4m3": (ml_dtypes.float8_e4m3fn, 448.0, 8),
    "e5m2": (ml_dtypes.float8_e5m2, 57344.0, 15),
    "e2m3": (ml_dtypes.float6_e2m3fn, 7.5, 2),
    "e3m2": (ml_dtypes.float6_e3m2fn, 28.0, 4),
    "e2m1": (ml_dtypes.float4_e2m1fn, 6.0, 2),
}


def nearest(value: float, element: str) -> float:
    """The element value nearest to ``value`` as the independent program rounds it, saturating."""
    dtype, top, _ = ELEMENTS[element]
    clipped = np.float32(min(max(value, -top), top))
    return float(np.asarray(clipped).astype(dtype).astype(np.float32))


def floor_log2(value: float) -> int:
    """floor(log2 value), exactly."""
    return math.frexp(value)[1] - 1


def bfp_block(block: list[float], bits: int, *, asym: bool = False) -> list[float]:
    """Shared-exponent integers of ``bits`` bits."""
    largest = max(abs(v) for v in block)
    if largest == 0:
        return [0.0] * len(block)
    e = min(max(floor_log2(largest), -126), 127)
    step = 2.0 ** (e + 2 - bits)
    top = 2 ** (bits - 1) - 1
    bottom = -top - 1 if asym else -top
    # Python's round is half to even; doubles hold every quotient here exactly enough.
    return [min(max(round(v / step), bottom), top) * step for v in block]


def mx_block(block: list[float], element: str) -> list[float]:
    """Small floats under a power of two."""
    emax = ELEMENTS[element][2]
    largest = max(abs(v) for v in block)
    if largest == 0:
        return [0.0] * len(block)
    e = min(max(max(floor_log2(largest), -126) - emax, -127), 127)
    scale = 2.0**e
    return [nearest(v / scale, element) * scale for v in block]


def half(value: float) -> float:
    """Half precision, saturating."""
    return float(np.float16(min(max(value, -65504.0), 65504.0)))


def int_asym_group(group: list[float], bits: int) -> list[float]:
    """Asymmetric integers with half-precision scale and zero, float32 steps in between."""
    top = 2**bits - 1
    low, high = min(group), max(group)
    scale = half(float(np.float32(np.float32(high) - np.float32(low)) / np.float32(top)))
    zero = half(low)
    out = []
    for v in group:
        if scale == 0:
            out.append(zero)
            continue
        place = np.float32(np.float32(v) - np.float32(zero)) / np.float32(scale)
        code = round(float(min(max(place, 0.0), top)))
        out.append(float(np.float32(np.float32(code) * np.float32(scale)) + np.float32(zero)))
    return out


def int_sym_group(group: list[float], bits: int) -> list[float]:
    """Symmetric integers with a half-precision scale."""
    top = 2 ** (bits - 1) - 1
    scale = half(float(np.float32(max(abs(v) for v in group)) / np.float32(top)))
    if scale == 0:
        return [0.0] * len(group)
    codes = [round(float(np.float32(v) / np.float32(scale))) for v in group]
    return [float(np.float32(min(max(c, -top), top)) * np.float32(scale)) for c in codes]


def q4_0_block(block: list[float], bits: int = 4) -> list[float]:
    """llama.cpp's q4_0 (bits 4) and q5_0 (bits 5)."""
    half_range = 2 ** (bits - 1)
    extreme = 0.0
    for v in block:
        if abs(v) > abs(extreme):
            extreme = v
    d = np.float32(extreme) / np.float32(-half_range)
    inverse = np.float32(1) / d if d else np.float32(0)
    out = []
    for v in block:
        code = int(np.float32(np.float32(v) * inverse) + np.float32(half_range + 0.5))
        code = min(2 * half_range - 1, code)
        out.append(float(np.float32(code - half_range) * np.float32(half(float(d)))))
    return out


def q4_1_block(block: list[float], bits: int = 4) -> list[float]:
    """llama.cpp's q4_1 (bits 4) and q5_1 (bits 5)."""
    top = 2**bits - 1
    low = np.float32(min(block))
    d = (np.float32(max(block)) - low) / np.float32(top)
    inverse = np.float32(1) / d if d else np.float32(0)
    out = []
    for v in block:
        code = min(top, int(np.float32((np.float32(v) - low) * inverse) + np.float32(0.5)))
        out.append(
            float(
                np.float32(np.float32(code) * np.float32(half(float(d))))
                + np.float32(half(float(low)))
            )
        )
    return out


def q8_0_block(block: list[float]) -> list[float]:
    """llama.cpp's q8_0."""
    d = np.float32(max(abs(v) for v in block)) / np.float32(127)
    inverse = np.float32(1) / d if d else np.float32(0)
    out = []
    for v in block:
        place = float(np.float32(v) * inverse)
        code = math.floor(abs(place) + 0.5) * (1 if place >= 0 else -1)
        out.append(float(np.float32(code) * np.float32(half(float(d)))))
    return out


def nvfp4_matrix(x: np.ndarray) -> np.ndarray:
    """NVFP4 of one matrix [tokens, width], every step in float32."""
    g = np.float32(np.abs(x).max()) / np.float32(6 * 448)
    out = np.zeros_like(x)
    for t in range(x.shape[0]):
        for first in range(0, x.shape[1], 16):
            block = x[t, first : first + 16]
            ratio = np.float32(np.float32(np.abs(block).max()) / np.float32(6)) / g
            step = np.float32(nearest(float(ratio), "e4m3")) * g
            if step:
                out[t, first : first + 16] = [
                    np.float32(nearest(float(np.float32(v) / step), "e2m1")) * step for v in block
                ]
    return out
