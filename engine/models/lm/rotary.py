"""Rotary position embedding as tables: apply it, take it back, ask a model for it.

Su et al., RoFormer (arXiv 2104.09864), in the convention of ``transformers``: channel i of the
first half of the rotated channels turns together with channel i of the second half.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.core import BadInput


@dataclass(frozen=True)
class Rotary:
    """Cosines and sines of shape [1 or batch, tokens, rotated channels].

    Channels beyond the rotated ones pass through. Scaled variants (YaRN) multiply both tables by
    one factor, which ``invert`` divides out again.
    """

    cos: Tensor
    sin: Tensor

    @property
    def channels(self) -> int:
        """How many channels of a head are rotated."""
        return self.cos.shape[-1]

    def apply(self, x: Tensor) -> Tensor:
        """Rotate ``x: b h t d``."""
        return self._turn(x, self.cos, self.sin)

    def invert(self, x: Tensor) -> Tensor:
        """Undo ``apply``; exact up to rounding."""
        square = self.cos.square() + self.sin.square()
        return self._turn(x, self.cos / square, -self.sin / square)

    def _turn(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        turned, rest = x[..., : self.channels], x[..., self.channels :]
        first, second = turned.chunk(2, dim=-1)
        crossed = torch.cat((-second, first), dim=-1)
        turned = turned * cos.unsqueeze(1) + crossed * sin.unsqueeze(1)
        return torch.cat((turned, rest), dim=-1) if rest.shape[-1] else turned


def rotary_module(model: nn.Module) -> nn.Module | None:
    """The module that makes the tables for every layer, or None where there is no RoPE."""
    for module in model.modules():
        if type(module).__name__.endswith("RotaryEmbedding"):
            return module
    return None


def rotary_tables(model: nn.Module, tokens: int, first: int = 0) -> Rotary | None:
    """The tables of positions ``first .. first + tokens - 1``, or None where there is no RoPE."""
    module = rotary_module(model)
    if module is None:
        return None
    weight = next(model.parameters())
    positions = torch.arange(first, first + tokens, device=weight.device)[None]
    with torch.no_grad():
        cos, sin = module(weight.new_zeros(1, 1, 1), positions)
    return Rotary(cos, sin)


def rotary_channels(model: nn.Module) -> int | None:
    """How many channels of a head RoPE turns, or None where there is no RoPE."""
    rotary = rotary_tables(model, 1)
    return None if rotary is None else rotary.channels


def check_convention(model: nn.Module) -> None:
    """Raise BadInput unless the model rotates as ``Rotary.apply`` does (both halves, not
    neighbours)."""
    if rotary_module(model) is None:
        return
    apply: Any = getattr(sys.modules[type(model).__module__], "apply_rotary_pos_emb", None)
    reason = "its rotary embedding follows a convention that this lab does not read"
    if apply is None:
        raise BadInput("model", reason)
    try:
        rotary = rotary_tables(model, 5)
        assert rotary is not None
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(1, 1, 5, rotary.channels, generator=generator).to(rotary.cos)
        turned, _ = apply(x, x, rotary.cos, rotary.sin)
        same = torch.allclose(turned, rotary.apply(x), atol=1e-6)
    except (TypeError, ValueError, RuntimeError):
        raise BadInput("model", reason) from None
    if not same:
        raise BadInput("model", reason)
