"""The arithmetic beside the memory: only adders and multipliers, so all else is made of sums.

Exponential and tanh are Taylor polynomials by Horner's rule, a reciprocal and an inverse square
root are Newton-Raphson steps. How many terms and steps PIM-GPT takes could not be read: assumed.
"""

from __future__ import annotations

import numpy as np

from engine.labs.memory_hardware.device import Device

TAYLOR_TERMS = 6
NEWTON_STEPS = 3
Ints = int | np.ndarray


class Asic:
    """Cycles of the memory's clock for each operation on vectors; sizes are numbers or arrays."""

    def __init__(self, device: Device):
        self.adders = device.whole("asic.adders")
        self.multipliers = device.whole("asic.multipliers")
        self.ratio = device["asic.clock_ghz"] * device["timing.tck_ns"]

    def cycles(self, adds: Ints, multiplies: Ints) -> Ints:
        """Adders and multipliers work at the same time; the busier of the two counts."""
        own = np.maximum(-(-adds // self.adders), -(-multiplies // self.multipliers))
        return round_up(own, self.ratio)

    def add(self, width: Ints) -> Ints:
        """A sum of two vectors."""
        return self.cycles(width, 0)

    def multiply(self, width: Ints) -> Ints:
        """A product of two vectors, number by number."""
        return self.cycles(0, width)

    def norm(self, width: int, kind: str) -> Ints:
        """Layer norm: mean, variance, inverse square root, scale and shift; RMS norm: no mean."""
        sums = 2 * width if kind == "layer" else width
        return self.cycles(
            sums + (width if kind == "layer" else 0) + 2 * NEWTON_STEPS,
            3 * width + 4 * NEWTON_STEPS,
        )

    def softmax(self, heads: int, context: Ints) -> Ints:
        """The largest taken off, exponentials, their sum, one reciprocal a head, the products."""
        scores = heads * context
        return self.cycles(
            (3 + TAYLOR_TERMS) * scores + NEWTON_STEPS * heads,
            (2 + TAYLOR_TERMS) * scores + 2 * NEWTON_STEPS * heads,
        )

    def gelu(self, width: int) -> Ints:
        """The tanh form: a cubic, a polynomial, two products."""
        return self.cycles((2 + TAYLOR_TERMS) * width, (5 + TAYLOR_TERMS) * width)


def round_up(amount: Ints, rate: float) -> Ints:
    """Whole cycles for ``amount`` at ``rate`` a cycle."""
    found = -(-np.asarray(amount) // rate)
    return found.astype(np.int64) if found.ndim else int(found)
