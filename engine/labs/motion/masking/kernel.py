"""The density of a clip's tokens, with a width and as the paper writes it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

# A token whose density is hardly more than its own share has no neighbour for the kernel.
ALONE = 1.01


@dataclass(frozen=True)
class Raw:
    """The kernel exp(-distance squared) without a width: densities, and who has no neighbour."""

    least: float
    median: float
    most: float
    alone: float
    distance: float


def raw_kernel(latents: Tensor) -> Raw:
    """Densities of ``latents`` (tokens, width) under the paper's kernel.

    ``alone`` is the share of tokens with a density below 1.01, ``distance`` the median distance of
    two tokens; in wide latents it is several units, and exp of minus its square is nothing.
    """
    wide = latents.double()
    apart = torch.cdist(wide, wide, compute_mode="donot_use_mm_for_euclid_dist")
    density = torch.exp(-(apart**2)).sum(1)
    others = apart[~torch.eye(len(apart), dtype=torch.bool)]
    return Raw(
        float(density.min()),
        float(density.median()),
        float(density.max()),
        float((density < ALONE).double().mean()),
        float(others.median()) if len(others) else 0.0,
    )
