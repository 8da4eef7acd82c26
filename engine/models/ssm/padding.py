"""Sequences of unlike length in one batch: padding holds the state, reversal leaves it behind."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.core.errors import BadInput


def hold_padding(values: Tensor, lengths: Tensor) -> Tensor:
    """``values`` (batch, length, ...) with zeros from each sequence's own length on.

    With ``dt`` at 0 the state holds, so that the last state is that of the last true step.
    """
    inside = _positions(values, lengths) < lengths[:, None]
    return values.masked_fill(~inside.view(*inside.shape, *(1,) * (values.ndim - 2)), 0)


def reverse(values: Tensor, lengths: Tensor | None = None) -> Tensor:
    """``values`` (batch, length, ...) backwards, each sequence within its own length.

    Padding stays at the end: a backward scan would otherwise read it first. Twice is the identity.
    """
    if lengths is None:
        return values.flip(1)
    place = _positions(values, lengths).expand(values.shape[:2])
    back = torch.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)
    index = back.view(*back.shape, *(1,) * (values.ndim - 2)).expand_as(values)
    return values.gather(1, index)


def _positions(values: Tensor, lengths: Tensor) -> Tensor:
    if values.ndim < 2 or lengths.shape != values.shape[:1] or lengths.is_floating_point():
        raise BadInput("lengths", "must be one whole number for each sequence of the batch")
    if lengths.numel() and not 0 <= int(lengths.min()) <= int(lengths.max()) <= values.shape[1]:
        raise BadInput("lengths", f"must be from 0 to {values.shape[1]}")
    return torch.arange(values.shape[1], device=values.device)[None]
