"""Masks: which weights of each layer a set of prompts points to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import torch
from torch import Tensor, nn

from engine.core import BadInput
from engine.labs.diffusion.locate.sites import columns
from engine.labs.diffusion.locate.statistics import Half, Statistics

Masks = dict[str, Tensor]
"""By layer name: bool, shaped like the layer's weight; True is a weight to cut."""


def select(
    weights: Mapping[str, nn.Module],
    chosen: Statistics,
    reference: Statistics,
    *,
    sparsity: float,
    half: Half = "conditional",
    first: int = 0,
    taken: Sequence[int] | None = None,
) -> Masks:
    """The weights that score high for a set and higher than for the reference, at any step.

    Steps before ``first`` are left out, except of the text encoder, which has one for all.

    In each output row the top ``sparsity`` by Wanda score of the set, and of those the ones whose
    score is higher than the reference's (Chavhan et al. 2024). ``taken`` are the positions of the
    set's prompts to use (all by default); the reference's sums are scaled to as many prompts.
    Raises BadInput for a sparsity outside 0 to 1.
    """
    check_sparsity(sparsity)
    mine = chosen.norms(half, taken)
    theirs = reference.norms(half)
    count = len(chosen.prompts) if taken is None else len(taken)
    scale = (count / len(reference.prompts)) ** 0.5
    masks = {}
    for name, layer in weights.items():
        weight = layer.weight.detach()
        size = weight.flatten(1).abs()  # rows, columns
        rows, width = size.shape
        kept = int(sparsity * width + 1e-9)
        mask = torch.zeros(rows, width, dtype=torch.bool)
        steps = slice(first if len(mine[name]) > 1 else 0, None)
        for high, low in zip(mine[name][steps], theirs[name][steps] * scale, strict=True):
            score = size * columns(high, weight)
            rival = size * columns(low, weight)
            top = torch.zeros_like(mask)
            top.scatter_(1, score.topk(kept, dim=1).indices, True)
            mask |= top & (score > rival)
        masks[name] = mask.view_as(weight)
    return masks


def check_sparsity(sparsity: float) -> None:
    """Raise BadInput for a sparsity outside 0 to 1."""
    if not 0 <= sparsity <= 1:
        raise BadInput("sparsity", f"must be from 0 to 1 (got {sparsity:g})")


def at_least(several: Sequence[Masks], k: int) -> Masks:
    """Weights that at least ``k`` of the masks hold: 1 is their union, all their intersection."""
    if not 1 <= k <= len(several):
        raise BadInput("k", f"must be from 1 to {len(several)}, the number of masks (got {k})")
    return {name: sum(mask[name].int() for mask in several) >= k for name in several[0]}


def union(several: Sequence[Masks]) -> Masks:
    """Weights that any of the masks holds."""
    return at_least(several, 1)


def intersection(several: Sequence[Masks]) -> Masks:
    """Weights that all of the masks hold."""
    return at_least(several, len(several))


def minus(masks: Masks, others: Sequence[Masks]) -> Masks:
    """Weights of a mask that none of the others holds."""
    return reduce(
        lambda left, other: {name: left[name] & ~other[name] for name in left}, others, masks
    )


def random_like(masks: Masks, seed: int) -> Masks:
    """As many weights in every output row, drawn at random: the control of a mask."""
    generator = torch.Generator().manual_seed(seed)
    drawn = {}
    for name, mask in masks.items():
        flat = mask.flatten(1)
        # The places of a random order, of which a row takes as many first ones as it has cuts.
        order = torch.rand(flat.shape, generator=generator).argsort(1).argsort(1)
        drawn[name] = (order < flat.sum(1, keepdim=True)).view_as(mask)
    return drawn


def overlap(first: Masks, second: Masks) -> dict[str, float]:
    """Intersection over union of each layer; nan where both are empty."""
    found = {}
    for name, mask in first.items():
        either = int((mask | second[name]).sum())
        both = int((mask & second[name]).sum())
        found[name] = both / either if either else float("nan")
    return found


def counts(masks: Masks) -> dict[str, int]:
    """Weights cut in each layer."""
    return {name: int(mask.sum()) for name, mask in masks.items()}


def share(masks: Masks) -> float:
    """Weights cut over all weights of the masked layers."""
    return sum(counts(masks).values()) / sum(mask.numel() for mask in masks.values())


def selection_frequency(
    weights: Mapping[str, nn.Module],
    chosen: Statistics,
    reference: Statistics,
    *,
    sparsity: float,
    resamples: int,
    seed: int,
    half: Half = "conditional",
) -> dict[str, Tensor]:
    """How often each weight is selected when the set's prompts are drawn with replacement.

    float32 from 0 to 1, shaped like the weights.
    """
    if not 1 <= resamples <= 1000:
        raise BadInput("resamples", f"must be from 1 to 1000 (got {resamples})")
    generator = torch.Generator().manual_seed(seed)
    number = len(chosen.prompts)
    total = {name: torch.zeros(layer.weight.shape) for name, layer in weights.items()}
    for _ in range(resamples):
        taken = torch.randint(number, (number,), generator=generator).tolist()
        for name, mask in select(
            weights, chosen, reference, sparsity=sparsity, half=half, taken=taken
        ).items():
            total[name] += mask
    return {name: values / resamples for name, values in total.items()}
