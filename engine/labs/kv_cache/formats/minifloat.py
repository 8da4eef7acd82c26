"""Floating-point elements of 4 to 8 bits (OCP Microscaling and OCP FP8 specifications).

A code is sign, exponent and mantissa bits; magnitudes grow with the code, subnormals included.
Rounding is half to even, overflow saturates, and a result of zero is +0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from engine.labs.kv_cache.formats.arrays import (
    Array,
    constant,
    exponent,
    leading_power,
    namespace,
)


@dataclass(frozen=True)
class MiniFloat:
    """A grid: bits in all, mantissa bits, smallest normal 2^emin, largest normal exponent, max."""

    name: str
    bits: int
    mantissa: int
    emin: int
    emax: int
    top: float

    def encode(self, y: Array) -> Array:
        """The int32 code of each value, saturating."""
        xp = namespace(y)
        magnitude = xp.clip(xp.abs(y), 0.0, self.top)
        power = leading_power(magnitude)
        power = xp.maximum(power, xp.full_like(power, 2.0**self.emin))
        units = xp.round(magnitude / (power * 2.0**-self.mantissa))
        code = (exponent(power) - self.emin) * 2**self.mantissa + xp.astype(units, xp.int32)
        negative = xp.astype((y < 0) & (code > 0), xp.int32)
        return code + negative * 2 ** (self.bits - 1)

    def decode(self, code: Array) -> Array:
        """The float32 value of each code."""
        xp = namespace(code)
        return constant(self.table, code)[xp.astype(code, xp.int64)]

    @property
    def table(self) -> np.ndarray:
        """Float32 value by code; codes above the largest finite one repeat it."""
        return _table(self)

    @property
    def grid(self) -> np.ndarray:
        """The distinct values in rising order."""
        return np.unique(self.table)


@cache
def _table(spec: MiniFloat) -> np.ndarray:
    half = np.arange(2 ** (spec.bits - 1))
    field, units = half >> spec.mantissa, half & (2**spec.mantissa - 1)
    units = np.where(field > 0, units + 2**spec.mantissa, units)
    power = np.maximum(field - 1, 0) + spec.emin - spec.mantissa
    magnitude = np.minimum(units * 2.0**power, spec.top)
    table = np.concatenate((magnitude, -magnitude)).astype(np.float32) + np.float32(0.0)
    table.flags.writeable = False
    return table


E4M3 = MiniFloat("e4m3", bits=8, mantissa=3, emin=-6, emax=8, top=448.0)
E5M2 = MiniFloat("e5m2", bits=8, mantissa=2, emin=-14, emax=15, top=57344.0)
E2M3 = MiniFloat("e2m3", bits=6, mantissa=3, emin=0, emax=2, top=7.5)
E3M2 = MiniFloat("e3m2", bits=6, mantissa=2, emin=-2, emax=4, top=28.0)
E2M1 = MiniFloat("e2m1", bits=4, mantissa=1, emin=0, emax=2, top=6.0)
