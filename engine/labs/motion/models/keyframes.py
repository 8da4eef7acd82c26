"""Key frames by density and distance: which tokens of a clip stand for the others.

The score of KMM (arXiv 2411.06481) is that of density-peak clustering (Rodriguez and Laio, Science
2014): a key frame is dense, and far from whatever is denser. The paper's kernel has no width, and
in wide latents every density is then 1; here the width is a quantile of the clip's own distances.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from engine.core.errors import BadInput

Policy = Literal["key", "random", "inverse"]
POLICIES: tuple[str, ...] = ("key", "random", "inverse")
QUANTILE = 0.1
JITTER = 1e-6  # so that equal tokens, as in standing still, have an order


def keyframe_scores(latents: Tensor, quantile: float = QUANTILE) -> Tensor:
    """Density times distance of every token (tokens,) of ``latents`` (tokens, width).

    The densest token has no denser one and takes its greatest distance. ``quantile``, above 0 and
    up to 1, is that of the distances above 0 that is the kernel's width. Raises BadInput.
    """
    if latents.ndim != 2 or not len(latents):
        raise BadInput("latents", f"must be (tokens, width), not {tuple(latents.shape)}")
    if not 0 < quantile <= 1:
        raise BadInput("quantile", f"must be above 0 and at most 1 (got {quantile:g})")
    counts = torch.tensor([len(latents)], device=latents.device)
    return batch_scores(latents[None], counts, quantile)[0].cpu()


def batch_scores(latents: Tensor, counts: Tensor, quantile: float = QUANTILE) -> Tensor:
    """The scores (batch, tokens) of clips ``latents`` (batch, tokens, width); padding has 0.

    ``counts`` (batch,) are the numbers of true tokens; a clip of one token scores 1.
    """
    tokens, place = latents.shape[1], latents.device
    draw = torch.Generator().manual_seed(0)
    jitter = JITTER * torch.randn(latents.shape[1:], generator=draw)
    wide = (latents.detach() + jitter.to(place)).double()
    apart = torch.cdist(wide, wide, compute_mode="donot_use_mm_for_euclid_dist")
    there = torch.arange(tokens, device=place) < counts[:, None]
    pairs = there[:, :, None] & there[:, None, :]
    others = pairs & ~torch.eye(tokens, dtype=torch.bool, device=place)
    width = _quantile(apart, others, quantile).clamp(min=JITTER)[:, None, None]
    density = (torch.exp(-((apart / width) ** 2)) * pairs).sum(2)
    denser = (density[:, None, :] > density[:, :, None]) & pairs
    nearest = apart.masked_fill(~denser, torch.inf).amin(2)
    farthest = apart.masked_fill(~pairs, 0).amax(2)
    scores = density * torch.where(nearest.isinf(), farthest, nearest)
    alone = (counts == 1)[:, None] & there
    return torch.where(alone, 1.0, scores * there).float()


def _quantile(values: Tensor, chosen: Tensor, quantile: float) -> Tensor:
    """The quantile (batch,) of the chosen values (batch, n, n), between the two that are nearest.

    0 where nothing is chosen.
    """
    flat = values.masked_fill(~chosen, torch.inf).flatten(1).sort(1).values
    last = (chosen.flatten(1).sum(1, keepdim=True) - 1).clamp(min=0)
    at = quantile * last
    low, high = (flat.gather(1, one.long()) for one in (at.floor(), at.ceil()))
    found = torch.where(low.isinf(), 0, low + (at - at.floor()) * (high - low))
    return found.squeeze(1)


def choose_masked(scores: Tensor, count: int, policy: str, generator: torch.Generator) -> Tensor:
    """Which tokens (tokens,) are masked: ``count`` of them by the policy.

    "key" takes those of the highest scores, "inverse" those of the lowest, "random" any. Raises
    BadInput for another policy.
    """
    if policy not in POLICIES:
        raise BadInput("policy", f"must be {', '.join(POLICIES)} (got {policy[:40]!r})")
    if policy == "random":
        scores = torch.rand(len(scores), generator=generator)
    return mask_first(scores[None], torch.tensor([count]), lowest=policy == "inverse")[0]


def mask_first(
    scores: Tensor, wanted: Tensor, *, lowest: bool = False, counts: Tensor | None = None
) -> Tensor:
    """The ``wanted`` (batch,) tokens of each clip with the highest scores (batch, tokens).

    With ``lowest`` those with the lowest; ``counts`` (batch,) are true tokens, None for all.
    """
    if counts is not None:
        outside = torch.arange(scores.shape[1], device=scores.device) >= counts[:, None]
        scores = scores.masked_fill(outside, torch.inf if lowest else -torch.inf)
    order = scores.argsort(dim=1, descending=not lowest, stable=True)
    return order.argsort(dim=1) < wanted[:, None]
