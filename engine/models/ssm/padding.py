"""Sequences of unlike length in one batch: padding holds the state, reversal leaves it behind."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.core.errors import BadInput


def hold_padding(values: Tensor, lengths: Tensor) -> Tensor:
    """``values`` (batch, length, ...) with zeros from each sequence's own length on.

    With ``dt`` at 0 the state holds, so that the last state is that of the last true step.
    Raises BadInput for ``lengths`` that do not fit.
    """
    if _all_whole(values, lengths):
        return values
    place, ends = _places(values, lengths)
    inside = place < ends
    return values.masked_fill(~inside.view(*inside.shape, *(1,) * (values.ndim - 2)), 0)


def reverse(values: Tensor, lengths: Tensor | None = None) -> Tensor:
    """``values`` (batch, length, ...) backwards, each sequence within its own length.

    Padding stays at the end: a backward scan would otherwise read it first. Twice is the identity.
    Raises BadInput for ``lengths`` that do not fit.
    """
    if lengths is None or _all_whole(values, lengths):
        return values.flip(1)
    place, ends = _places(values, lengths)
    back = torch.where(place < ends, ends - 1 - place, place)
    index = back.view(*back.shape, *(1,) * (values.ndim - 2)).expand_as(values)
    return values.gather(1, index)


def _all_whole(values: Tensor, lengths: Tensor) -> bool:
    """Whether there is no padding at all, as in a batch of one; checks ``lengths``.

    Looking at them on an accelerator would wait for it in every layer: there the answer is no, and
    ``_places`` clamps them.
    """
    if values.ndim < 2 or lengths.shape != values.shape[:1] or lengths.is_floating_point():
        raise BadInput("lengths", "must be one whole number for each sequence of the batch")
    if lengths.device.type != "cpu" or not lengths.numel():
        return False
    low, high = torch.aminmax(lengths)
    if low < 0 or high > values.shape[1]:
        raise BadInput("lengths", f"must be from 0 to {values.shape[1]}")
    return bool(low == values.shape[1])


def _places(values: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Positions (1, length) and ends (batch, 1) on the device of ``values``."""
    most = values.shape[1]
    ends = lengths.to(values.device).clamp(0, most)[:, None]
    return torch.arange(most, device=values.device)[None], ends
