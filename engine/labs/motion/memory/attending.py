"""The weights of attention: what scans are compared with, though it is another thing."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.labs.motion.models.attention import Attention


def attend(
    attention: Attention, x: Tensor, lengths: Tensor | None = None, hidden: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Weights (batch, heads, length, length) whose rows add up to 1, and what the layer adds.

    ``x`` (batch, length, width); ``lengths`` (batch,) of true tokens; tokens that are ``hidden``
    (batch, length) are read by nobody but themselves.
    """
    query, key, value = (
        part.unflatten(-1, (attention.heads, -1)).transpose(1, 2)
        for part in attention.enter(x).chunk(3, dim=-1)
    )
    place = torch.arange(x.shape[1], device=x.device)
    seen = torch.ones(len(x), 1, x.shape[1], x.shape[1], dtype=torch.bool, device=x.device)
    if lengths is not None:
        seen = seen & (place < lengths.to(x.device)[:, None])[:, None, None]
    if hidden is not None:
        seen = seen & (~hidden[:, None, None] | torch.eye(len(place), dtype=torch.bool))
    alike = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    weights = alike.masked_fill(~seen, -torch.inf).softmax(-1)
    return weights, attention.leave((weights @ value).transpose(1, 2).flatten(-2))
