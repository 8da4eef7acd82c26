"""Random numbers of one clip, whatever else is generated with it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def generators(seeds: Sequence[int]) -> list[torch.Generator]:
    """One for each clip."""
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def normal(draws: Sequence[torch.Generator], *shape: int) -> Tensor:
    """Normal numbers (clips, *shape)."""
    return torch.stack([torch.randn(shape, generator=draw) for draw in draws])


def uniform(draws: Sequence[torch.Generator], *shape: int) -> Tensor:
    """Numbers from 0 to 1 (clips, *shape)."""
    return torch.stack([torch.rand(shape, generator=draw) for draw in draws])
