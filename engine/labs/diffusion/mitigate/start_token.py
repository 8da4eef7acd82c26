"""Attention led to the start token, away from what tells the whole prompt (Ren et al. 2024)."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.core import BadInput
from engine.labs.diffusion.model.attention import Attention


def start_token(scale: float, masked: Tensor | None = None) -> Attention:
    """Multiply the start token's logit by ``scale`` in the conditional half of a guided call.

    ``masked`` bool (n, tokens): places that the n prompts' pictures must not attend to.
    """
    if not 0 < scale <= 10:
        raise BadInput("scale", f"must be above 0 and at most 10 (got {scale:g})")

    def change(_: str, logits: Tensor) -> Tensor:
        plain, prompted = logits.chunk(2)  # n heads queries tokens
        prompted = torch.cat([prompted[..., :1] * scale, prompted[..., 1:]], dim=-1)
        if masked is not None:
            prompted = prompted.masked_fill(masked[:, None, None], float("-inf"))
        return torch.cat([plain, prompted])

    return Attention(change=change)


def after_words(tokens: Tensor, end: int) -> Tensor:
    """The end token and all behind it: bool like ``tokens`` (n, length).

    The text encoder reads from left to right, so that these places sum up the prompt.
    """
    return (tokens == end).cumsum(1) > 0
