"""Where a model keeps W_q and W_k: one small adapter over the ways model families write it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.core import BadInput


@dataclass(frozen=True)
class Projections:
    """The query and key projections of one layer, readable and writable head by head.

    Weights are ``h d hidden`` (rows make channels), biases ``h d`` or None; ``side`` is "q" or
    "k". Covers separate projections (Llama, Qwen, Mistral, BitNet), GPT-NeoX's matrix with q, k
    and v per head, and GPT-2's transposed one.
    """

    attention: nn.Module
    layer: int
    q_heads: int
    k_heads: int
    head_dim: int
    norm: nn.Module | None

    def heads(self, side: str) -> int:
        """Number of heads of "q" or "k"."""
        return self.q_heads if side == "q" else self.k_heads

    def weight(self, side: str) -> Tensor:
        """A copy of the rows, ``h d hidden``."""
        weight, _ = self._views(side)
        return weight.detach().clone()

    def bias(self, side: str) -> Tensor | None:
        """A copy of the bias, ``h d``, or None."""
        _, bias = self._views(side)
        return None if bias is None else bias.detach().clone()

    def gain(self, side: str) -> Tensor | None:
        """The gain ``d`` of a norm over each head's channels (Qwen3), or None."""
        norm = getattr(self.attention, f"{side}_norm", None)
        return None if norm is None else norm.weight.detach().clone()

    def input_gain(self) -> Tensor | None:
        """The gain ``hidden`` of the norm layer that feeds the projections, or None."""
        weight = getattr(self.norm, "weight", None)
        return None if weight is None else weight.detach().clone()

    def permute(self, side: str, order: Tensor) -> None:
        """Put channel ``order[h, i]`` of each head at place i, in weight, bias and gain."""
        weight, bias = self._views(side)
        with torch.no_grad():
            weight.copy_(_by_head(weight, order))
            if bias is not None:
                bias.copy_(_by_head(bias[..., None], order)[..., 0])
        gain = self.gain(side)
        if gain is not None:
            # One gain for all heads becomes one per head: it multiplies [..., heads, channels].
            getattr(self.attention, f"{side}_norm").weight = nn.Parameter(
                gain[order], requires_grad=False
            )

    def _views(self, side: str) -> tuple[Tensor, Tensor | None]:
        """Views into the parameters: ``h d hidden`` and ``h d``."""
        module: Any = self.attention
        shape = (self.heads(side), self.head_dim)
        if hasattr(module, "q_proj"):
            linear = getattr(module, f"{side}_proj")
            weight, bias = linear.weight, linear.bias
            return weight.view(*shape, -1), None if bias is None else bias.view(shape)
        place = 0 if side == "q" else 1
        if hasattr(module, "query_key_value"):
            linear = module.query_key_value
            weight = linear.weight.view(shape[0], 3, self.head_dim, -1)[:, place]
            bias = linear.bias
            return weight, None if bias is None else bias.view(shape[0], 3, self.head_dim)[:, place]
        if hasattr(module, "c_attn"):
            width = shape[0] * self.head_dim
            rows = module.c_attn.weight.t()[place * width : (place + 1) * width]
            bias = module.c_attn.bias[place * width : (place + 1) * width]
            return rows.unflatten(0, shape), bias.view(shape)
        raise BadInput(
            "model", f"{type(module).__name__} keeps W_q and W_k in a way this lab does not read"
        )


def projections(model: nn.Module, q_heads: int, k_heads: int, head_dim: int) -> list[Projections]:
    """The projections of every layer, in order; raises BadInput for a family it cannot read."""
    found = []
    for block in model.modules():
        for child in block.children():
            if isinstance(getattr(child, "layer_idx", None), int) and _attends(child):
                norm = getattr(block, "input_layernorm", getattr(block, "ln_1", None))
                found.append(
                    Projections(child, int(child.layer_idx), q_heads, k_heads, head_dim, norm)
                )
    if not found:
        raise BadInput("model", "keeps W_q and W_k in a way this lab does not read")
    return sorted(found, key=lambda layer: layer.layer)


def _attends(module: nn.Module) -> bool:
    return any(hasattr(module, name) for name in ("q_proj", "query_key_value", "c_attn"))


def _by_head(rows: Tensor, order: Tensor) -> Tensor:
    return torch.take_along_dim(rows, order[..., None].to(rows.device), dim=1)
