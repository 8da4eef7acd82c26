"""Self-attention over tokens, the mixer of Motion Mamba and the whole of the baseline."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """What attention adds to tokens (batch, length, width); padding is not read."""

    def __init__(self, width: int, heads: int = 4):
        super().__init__()
        self.heads = heads
        self.enter = nn.Linear(width, 3 * width)
        self.leave = nn.Linear(width, width)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """``lengths`` (batch,) are the numbers of true tokens."""
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in self.enter(x).chunk(3, dim=-1)
        )
        mask = None
        if lengths is not None:
            place = torch.arange(x.shape[1], device=x.device)
            mask = (place < lengths.to(x.device)[:, None])[:, None, None]
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.leave(mixed.transpose(1, 2).flatten(-2))


class Feedforward(nn.Sequential):
    """What the layer after attention adds to tokens (batch, length, width)."""

    def __init__(self, width: int, times: int = 2):
        super().__init__(
            nn.Linear(width, times * width), nn.GELU(), nn.Linear(times * width, width)
        )
