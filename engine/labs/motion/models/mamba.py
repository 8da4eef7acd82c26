"""Blocks of state-space models: a selective scan, HTM over time and BSM over channels.

Symbols as in ``engine.models.ssm``; HTM and BSM are sections 3.3 and 3.4 of Motion Mamba
(arXiv 2403.07487).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.ssm import hold_padding, reverse, selective_scan

STATE, TAPS = 16, 4
LEAST_STEP, MOST_STEP = 1e-3, 1e-1


class Scan(nn.Module):
    """A causal convolution and a selective scan (S6) with projections and decays of its own.

    ``backward`` scans from each sequence's own end. The start follows Mamba (arXiv 2312.00752):
    decays -1 to -state, step sizes log-uniform from 0.001 to 0.1.
    """

    def __init__(self, width: int, state: int = STATE, *, backward: bool = False):
        super().__init__()
        self.width, self.state, self.backward = width, state, backward
        self.rank = max(1, width // 16)
        self.conv = nn.Conv1d(width, width, TAPS, groups=width)
        self.pick = nn.Linear(width, self.rank + 2 * state, bias=False)
        self.step = nn.Linear(self.rank, width)
        low, high = math.log(LEAST_STEP), math.log(MOST_STEP)
        size = torch.exp(torch.rand(width) * (high - low) + low)
        with torch.no_grad():
            self.step.bias.copy_(size + torch.log(-torch.expm1(-size)))
        decay = torch.arange(1, state + 1, dtype=torch.float32).log()
        self.log_decay = nn.Parameter(decay.repeat(width, 1))
        self.skip = nn.Parameter(torch.ones(width))

    def project(
        self, x: Tensor, hold: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """``u``, ``dt``, ``A``, ``B``, ``C`` of the scan of ``x`` (batch, length, width).

        ``hold`` (batch, length) marks steps that only read: their step size is 0.
        """
        u = F.silu(self.conv(F.pad(x.transpose(1, 2), (TAPS - 1, 0))).transpose(1, 2))
        low, B, C = self.pick(u).split([self.rank, self.state, self.state], dim=-1)
        dt = F.softplus(self.step(low))
        if hold is not None:
            dt = dt.masked_fill(hold.unsqueeze(-1), 0)
        return u, dt, -torch.exp(self.log_decay), B.contiguous(), C.contiguous()

    def forward(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        hold: Tensor | None = None,
        h0: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Outputs (batch, length, width), and the state (batch, width, state) at the end."""
        if self.backward:
            x = reverse(x, lengths)
            hold = None if hold is None else reverse(hold, lengths)
        u, dt, A, B, C = self.project(x, hold)
        y, h = selective_scan(u, dt, A, B, C, self.skip, h0=h0, lengths=lengths, return_state=True)
        return (reverse(y, lengths) if self.backward else y), h


class HierarchicalTemporal(nn.Module):
    """HTM: several scans of the same tokens, gated and added up (batch, length, width).

    Every second scan runs backwards; the first runs forwards.
    """

    def __init__(self, width: int, inner: int, scans: int):
        super().__init__()
        self.enter = nn.Linear(width, 2 * inner)
        self.scans = nn.ModuleList(Scan(inner, backward=bool(at % 2)) for at in range(scans))
        self.leave = nn.Linear(inner, width)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """What is added to ``x``."""
        inside, gate = self.enter(x).chunk(2, dim=-1)
        total = torch.stack([scan(inside, lengths)[0] for scan in self.scans]).sum(0)
        return self.leave(total * F.silu(gate) / math.sqrt(len(self.scans)))


class BidirectionalSpatial(nn.Module):
    """BSM: the channels are scanned both ways, and the tokens are the width.

    ``tokens`` is fixed; shorter sequences are filled with zeros.
    """

    def __init__(self, tokens: int, inner: int):
        super().__init__()
        self.tokens = tokens
        self.enter = nn.Linear(tokens, 2 * inner)
        self.ahead, self.back = Scan(inner), Scan(inner, backward=True)
        self.leave = nn.Linear(inner, tokens)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """What is added to ``x`` (batch, length, width), length at most ``tokens``."""
        length = x.shape[1]
        if lengths is not None:
            x = hold_padding(x, lengths)
        across = F.pad(x.transpose(1, 2), (0, self.tokens - length))  # b d l
        inside, gate = self.enter(across).chunk(2, dim=-1)
        both = self.ahead(inside)[0] + self.back(inside)[0]
        return self.leave(both * F.silu(gate))[..., :length].transpose(1, 2)
