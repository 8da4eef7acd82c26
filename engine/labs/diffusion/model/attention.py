"""Cross-attention that can be seen and changed while a U-Net is called.

The libraries' fused attention returns no map, so that a watched layer computes its softmax openly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from diffusers import UNet2DConditionModel
from torch import Tensor

CROSS = ".attn2"

See = Callable[[str, Tensor], None]
"""Is given a layer's name and its attention (n, heads, queries, tokens), each row summing to 1."""

Change = Callable[[str, Tensor], Tensor]
"""Is given a layer's name and its logits (n, heads, queries, tokens); returns other logits."""


@dataclass(frozen=True)
class Attention:
    """What is done with the cross-attention of a call: every layer that ``layers`` names, or all.

    Layers are called as the U-Net's modules are, such as "mid_block.attentions.0.
    transformer_blocks.0.attn2".
    """

    see: See | None = None
    change: Change | None = None
    layers: frozenset[str] | None = None


def cross_layers(unet: UNet2DConditionModel) -> tuple[str, ...]:
    """Names of the cross-attention layers, in the order in which the U-Net lists them."""
    return tuple(name for name, _ in unet.named_modules() if name.endswith(CROSS))


@contextmanager
def watched(unet: UNet2DConditionModel, attention: Attention | None) -> Iterator[None]:
    """The U-Net with open attention, as long as the caller holds the pipeline's lock."""
    if attention is None:
        yield
        return
    before: dict[str, Any] = {}
    try:
        for name in cross_layers(unet):
            if attention.layers is None or name in attention.layers:
                layer: Any = unet.get_submodule(name)
                before[name] = layer.processor
                layer.processor = _Open(name, attention)
        yield
    finally:
        for name, processor in before.items():
            open_layer: Any = unet.get_submodule(name)
            open_layer.processor = processor


class _Open:
    """Attention after Vaswani et al. 2017, step by step."""

    def __init__(self, name: str, attention: Attention):
        self._name, self._attention = name, attention

    def __call__(
        self, layer: Any, states: Tensor, encoder_hidden_states: Tensor, *_: Any, **__: Any
    ) -> Tensor:
        def heads(values: Tensor) -> Tensor:
            return values.unflatten(-1, (layer.heads, -1)).transpose(1, 2)  # n heads places width

        query, key = heads(layer.to_q(states)), heads(layer.to_k(encoder_hidden_states))
        logits = layer.scale * query @ key.transpose(-1, -2)  # n heads queries tokens
        if self._attention.change is not None:
            logits = self._attention.change(self._name, logits)
        shares = logits.softmax(-1)
        if self._attention.see is not None:
            self._attention.see(self._name, shares.detach())
        mixed = shares @ heads(layer.to_v(encoder_hidden_states))
        return layer.to_out[0](mixed.transpose(1, 2).flatten(2))
