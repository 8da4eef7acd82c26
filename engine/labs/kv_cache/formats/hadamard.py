"""Rotation of each head by the normalised Hadamard matrix (QuaRot, arXiv 2404.00456).

The butterfly uses additions only, in one order, so it gives the same bits everywhere. H/sqrt(d) is
its own inverse.
"""

from __future__ import annotations

import math

from engine.core import BadInput
from engine.labs.kv_cache.formats.arrays import FLOAT32_MAX, Array, namespace
from engine.labs.kv_cache.formats.base import Scope, whole_heads


def check_power_of_two(scope: Scope, name: str) -> None:
    """Raise BadInput unless heads fill the width and head_dim is a power of two."""
    whole_heads(scope, name)
    if scope.head_dim & (scope.head_dim - 1):
        raise BadInput(
            "head_dim", f"{name} needs a power of two such as 64 or 128, not {scope.head_dim}"
        )


def rotate_heads(x: Array, head_dim: int) -> Array:
    """x [..., width] -> every run of head_dim channels times H / sqrt(head_dim)."""
    xp = namespace(x)
    return xp.reshape(hadamard(xp.reshape(x, (*x.shape[:-1], -1, head_dim))), x.shape)


def hadamard(x: Array) -> Array:
    """H / sqrt(d) applied to the last axis (Sylvester order, d a power of two).

    Inputs are clipped to FLOAT32_MAX / d so that no sum overflows.
    """
    xp = namespace(x)
    d = x.shape[-1]
    x = xp.clip(x, -FLOAT32_MAX / d, FLOAT32_MAX / d)
    half = 1
    while half < d:
        pairs = xp.reshape(x, (*x.shape[:-1], -1, 2, half))
        a, b = pairs[..., 0, :], pairs[..., 1, :]
        x = xp.reshape(xp.stack((a + b, a - b), axis=-2), x.shape)
        half *= 2
    return x * (1.0 / math.sqrt(d))
