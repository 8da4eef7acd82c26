"""SSD, the scan of Mamba-2: one decay per head turns chunks of the recurrence into matmuls."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from engine.models.ssm.arguments import Arguments

# Matmuls within a chunk cost chunk x length, the loop over chunks length / chunk; on a processor
# this is the cheapest of 16, 32 and 64 forward and backward at length 2048.
CHUNK = 32


def scan_ssd(given: Arguments, chunk: int = CHUNK) -> tuple[Tensor, Tensor]:
    """``y`` (batch, length, channels) without the skip ``D u``, and the last state.

    The block decomposition of section 6 of Mamba-2 (arXiv 2405.21060): within a chunk the
    recurrence is a masked matrix, between chunks the states are carried on one by one. Every
    exponent is a sum of ``dt A`` and so never positive; nothing is divided.
    """
    batch, length, channels = given.u.shape
    heads, states = len(given.A), given.B.shape[-1]
    size = min(chunk, length)
    count = -(-length // size)
    # A step of 0 holds the state, so that padding at the end changes nothing.
    u, dt, B, C = (
        pad(tensor, (0, 0, 0, count * size - length)).unflatten(1, (count, size))
        for tensor in (given.u, given.dt, given.B, given.C)
    )
    power = (dt * given.A).permute(0, 1, 3, 2)  # b c h q
    write = (u.unflatten(-1, (heads, -1)) * dt.unsqueeze(-1)).transpose(2, 3)  # b c h q p
    decay = torch.exp(segments(power))  # b c h q q
    within = ((C @ B.transpose(-1, -2)).unsqueeze(2) * decay) @ write
    # What each chunk adds to the state at its own end: b c h p n.
    added = (write * decay[..., -1, :, None]).transpose(-1, -2) @ B.unsqueeze(2)
    so_far = torch.exp(power.cumsum(-1))  # b c h q: what is left of the state before the chunk
    h = given.h0.view(batch, heads, -1, states)
    before = []
    for index in range(count):
        before.append(h)
        h = so_far[:, index, :, -1, None, None] * h + added[:, index]
    carried = C.unsqueeze(2) @ torch.stack(before, dim=1).transpose(-1, -2)  # b c h q p
    y = within + carried * so_far.unsqueeze(-1)
    y = y.transpose(2, 3).reshape(batch, count * size, channels)[:, :length]
    return y, h.reshape(batch, channels, states)


def segments(power: Tensor) -> Tensor:
    """Sums over ``s < k <= t`` of ``power`` (..., length) as (..., t, s), minus infinity for s > t.

    Each sum is added up on its own: the difference of two running sums would lose the digits that
    a small sum far down a long chunk needs.
    """
    length = power.shape[-1]
    square = power.unsqueeze(-1).expand(*power.shape, length)
    ones = torch.ones(length, length, dtype=torch.bool, device=power.device)
    sums = square.masked_fill(~ones.tril(-1), 0).cumsum(-2)
    return sums.masked_fill(~ones.tril(), float("-inf"))
