"""The recurrence as it stands in the paper: slow, obviously right, differentiated by autograd."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.models.ssm.arguments import Arguments


def scan_reference(given: Arguments) -> tuple[Tensor, Tensor]:
    """``y`` (batch, length, channels) without the skip ``D u``, and the last state.

    One step after the other, equation 2a of Mamba (arXiv 2312.00752) with its discretisation:
    the zero-order hold for ``A`` and Euler's rule for ``B``.
    """
    scan = given.by_channel()
    h, outputs = scan.h0, []
    for t in range(scan.u.shape[1]):
        dt, u = scan.dt[:, t, :, None], scan.u[:, t, :, None]  # b d 1
        h = torch.exp(dt * scan.A) * h + dt * u * scan.B[:, t, None, :]  # b d n
        outputs.append((h * scan.C[:, t, None, :]).sum(-1))
    return torch.stack(outputs, dim=1), h
