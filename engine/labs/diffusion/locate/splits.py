"""Masks of many groups of prompts at once, and how much pairs of them overlap.

``masks.select`` is the slow twin: here one ranking of a layer's scores serves every sparsity and
every reference, and rows of weights are taken in slices, since overlaps are sums over them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.labs.diffusion.locate.sites import columns

MOST_SCORES = 4_000_000
"""Scores that are held at once: groups times rows times columns of a slice."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs (n, 2) of groups by their positions, and what of their masks is counted for them."""

    first: Tensor
    second: Tensor

    @staticmethod
    def of(pairs: Sequence[tuple[int, int]]) -> Pairs:
        """From positions."""
        first, second = zip(*pairs, strict=True)
        return Pairs(torch.tensor(first), torch.tensor(second))


def group_norms(squares: Tensor, groups: Sequence[Sequence[int]]) -> Tensor:
    """Norms of every channel over each group of prompts: (groups, steps, channels).

    ``squares`` (halves, steps, prompts, channels) are those of a layer; ``groups`` are positions of
    prompts.
    """
    both = squares.sum(0)
    return torch.stack([both[:, list(group)].sum(1).sqrt() for group in groups])


def layer_overlaps(
    weight: Tensor,
    norms: Tensor,
    rivals: Sequence[Tensor],
    sparsities: Sequence[float],
    pairs: Pairs,
    joined: int,
) -> tuple[Tensor, Tensor]:
    """Intersection over union of pairs of masks, and the share of weights in every mask.

    ``weight`` (rows, columns, ...) is a layer's, ``norms`` (groups, steps, channels) those of the
    groups and ``rivals`` (steps, channels) those of each reference for as many prompts. Returns
    float32 (references, sparsities, moments, pairs) and (references, sparsities, moments, groups).
    The moments are the steps, then the first ``joined`` steps together. A pair of empty masks
    has no overlap: nan.
    """
    size = weight.flatten(1).abs()
    rows, width = size.shape
    wide, theirs = columns(norms, weight), [columns(rival, weight) for rival in rivals]
    kept = [int(sparsity * width + 1e-9) for sparsity in sparsities]
    groups, steps = norms.shape[:2]
    shape = (len(rivals), len(sparsities), steps + 1)
    both, either = (torch.zeros(*shape, len(pairs.first)) for _ in range(2))
    held = torch.zeros(*shape, groups)
    for start in range(0, rows, slice_rows(groups, width)):
        part = size[start : start + slice_rows(groups, width)]
        union: dict[tuple[int, int], Tensor] = {}
        for step in range(steps):
            for r, s, mask in _step_masks(part, wide[:, step], [t[step] for t in theirs], kept):
                _count(mask, pairs, both[r, s, step], either[r, s, step], held[r, s, step])
                if step < joined:
                    union[r, s] = mask | union[r, s] if step else mask
        for (r, s), mask in union.items():
            _count(mask, pairs, both[r, s, -1], either[r, s, -1], held[r, s, -1])
    return both / either, held / size.numel()


def slice_rows(groups: int, width: int) -> int:
    """Rows of a layer whose scores are held at once."""
    return max(1, MOST_SCORES // (groups * width))


def _step_masks(
    size: Tensor, norms: Tensor, rivals: Sequence[Tensor], kept: Sequence[int]
) -> Iterator[tuple[int, int, Tensor]]:
    """Masks (groups, rows, columns) of a step for every reference and sparsity."""
    score = size * norms[:, None]  # g r c
    most = max(kept)
    rank = torch.full(score.shape, most, dtype=torch.int16)
    order = torch.arange(most, dtype=torch.int16).expand(*score.shape[:2], most)
    rank.scatter_(2, score.topk(most, dim=2).indices, order)
    for r, rival in enumerate(rivals):
        more = score > size * rival
        for s, count in enumerate(kept):
            yield r, s, (rank < count) & more


def _count(mask: Tensor, pairs: Pairs, both: Tensor, either: Tensor, held: Tensor) -> None:
    """Add what pairs of masks share and what they cover to what was counted before."""
    flat = mask.flatten(1)
    sizes = flat.sum(1).float()
    shared = torch.stack(
        [
            torch.count_nonzero(flat[a] & flat[b])
            for a, b in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
        ]
    ).float()
    both += shared
    either += sizes[pairs.first] + sizes[pairs.second] - shared
    held += sizes
