"""Selective state-space models: one scan, S6 (Mamba) and SSD (Mamba-2), with several back ends.

Symbols, as in the papers (arXiv 2312.00752 and 2405.21060):

- ``u`` (batch, length, channels): the input of the scan.
- ``dt`` (batch, length, channels or heads): the step size, positive. A step of 0 holds the state.
- ``A`` (channels, state) for S6 or (heads,) for SSD: the rate of decay, negative.
- ``B``, ``C`` (batch, length, state): what is written where, and what is read.
- ``D`` (channels,): the weight of the input that skips the state.
- ``h`` (batch, channels, state): the state, ``h[t] = exp(dt[t] A) h[t-1] + dt[t] u[t] B[t]``.
- ``y`` (batch, length, channels): ``y[t] = h[t] C[t] + D u[t]``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.models.ssm.memory import half_life, influence, retention
    from engine.models.ssm.padding import hold_padding, reverse
    from engine.models.ssm.scan import choose_backend, selective_scan
    from engine.models.ssm.streaming import step

_HOMES = {
    "choose_backend": "scan",
    "half_life": "memory",
    "hold_padding": "padding",
    "influence": "memory",
    "retention": "memory",
    "reverse": "padding",
    "selective_scan": "scan",
    "step": "streaming",
}
__all__ = [
    "choose_backend",
    "half_life",
    "hold_padding",
    "influence",
    "retention",
    "reverse",
    "selective_scan",
    "step",
]


def __getattr__(name: str) -> Any:
    """The functions, when they are asked for: they load torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"engine.models.ssm.{_HOMES[name]}"), name)
