"""How widely cross-attention is spread over a prompt's tokens (Ren et al. 2024).

Attention that is averaged over heads and positions is a distribution over the tokens; its entropy
is high where many tokens are looked at. As in the authors' code, that of the whole network is the
entropy of the mean over all layers, and the end token counts with the padding behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.labs.diffusion.layer_names import in_running_order
from engine.labs.diffusion.model.attention import Attention, cross_layers
from engine.labs.diffusion.model.pipeline import Pipeline

SMALLEST = 1e-30
"""Below it a share counts as none: 0 log 0 is 0."""


def called_layers(pipeline: Pipeline) -> tuple[str, ...]:
    """The cross-attention layers in the order in which a U-Net calls them: down, middle, up."""
    return tuple(in_running_order(cross_layers(pipeline.unet)))


def padding_from(pipeline: Pipeline, prompts: Sequence[str]) -> Tensor:
    """The place of each prompt's end token, (n,); where there is none, the last place."""
    tokens = pipeline.tokens(prompts)
    ends = tokens == pipeline.tokenizer.eos_token_id
    last = torch.full((len(tokens),), tokens.shape[1] - 1)
    return torch.where(ends.any(1), ends.int().argmax(1), last)


def entropy(shares: Tensor) -> Tensor:
    """The sum of -a log a over the last axis, in nats."""
    return -(shares * shares.clamp(min=SMALLEST).log()).sum(-1)


class AttentionOverTokens:
    """Keeps the attention of the prompted half of one call, averaged over heads and positions."""

    def __init__(self, pipeline: Pipeline):
        self._names = called_layers(pipeline)
        self._seen: dict[str, Tensor] = {}

    def watch(self) -> Attention:
        """What ``steps`` is given for a call."""
        self._seen = {}
        return Attention(see=self._keep)

    def layers(self) -> Tensor:
        """The last call's, (layers, n, tokens), in the order of calling."""
        return torch.stack([self._seen[name] for name in self._names])

    def _keep(self, name: str, shares: Tensor) -> None:
        prompted = shares[len(shares) // 2 :]  # n heads positions tokens
        self._seen[name] = prompted.mean((1, 2))
