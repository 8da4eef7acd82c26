"""What a scan remembers, exactly: how much each step reads of every earlier one."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.core.errors import BadInput
from engine.models.ssm.arguments import check_arguments
from engine.models.ssm.ssd import segments


def influence(
    dt: Tensor, A: Tensor, B: Tensor, C: Tensor, channels: Tensor | None = None
) -> Tensor:
    """The matrix M (batch, channels, length, length) with ``y = M u`` but for the skip ``D u``.

    ``M[t, s] = sum over n of C[t, n] exp(A[n] sum of dt over s < k <= t) B[s, n] dt[s]``: the
    scan written as one matrix (section 3 of Mamba-2, arXiv 2405.21060). Shapes of ``dt``, ``A``,
    ``B``, ``C`` as for ``selective_scan`` of S6; ``channels`` picks some of them. Memory grows
    with the square of the length. Raises BadInput.
    """
    given = check_arguments(dt, dt, A, B, C)
    if given.by_head:
        raise BadInput("A", "must be (channels, state)")
    picked = slice(None) if channels is None else channels
    steps, decay = given.dt[..., picked].transpose(1, 2), given.A[picked]  # b d l; d n
    apart = segments(steps).tril()
    read = torch.zeros_like(apart)
    for n in range(decay.shape[1]):  # one state at a time: all at once would be l l d n numbers
        kept = torch.exp(decay[:, n, None, None] * apart)
        read = read + kept * (given.C[:, :, n, None] * given.B[:, None, :, n]).unsqueeze(1)
    return read.tril() * steps.unsqueeze(-2)


def retention(dt: Tensor, A: Tensor, frame: int) -> Tensor:
    """What is left of frame ``frame`` in each state (batch, length, channels, state).

    ``exp(A sum of dt since then)``: 1 at the frame itself and 0 before it. ``dt`` (batch, length,
    channels), ``A`` (channels, state). Raises BadInput for a frame that does not exist.
    """
    length = dt.shape[1]
    if not 0 <= frame < length:
        raise BadInput("frame", f"must be from 0 to {length - 1} (got {frame})")
    since = dt[:, frame + 1 :].cumsum(1)
    left = torch.exp(torch.nn.functional.pad(since, (0, 0, 1, 0)).unsqueeze(-1) * A)
    return torch.nn.functional.pad(left, (0, 0, 0, 0, frame, 0))


def half_life(dt: Tensor, A: Tensor) -> Tensor:
    """Steps after which half of a state is left (channels, state), at the mean step size.

    ``ln 2 / (-A mean dt)``, the mean over batch and length of ``dt`` (batch, length, channels).
    """
    return math.log(2) / (-A * dt.mean((0, 1)).unsqueeze(-1))
