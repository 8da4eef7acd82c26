"""The recurrence with its gradients written out: the fallback where no compiler is found.

Autograd through the plain loop keeps half a dozen tensors of every step; this one keeps the
states alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from engine.models.ssm.arguments import Arguments


def scan_loop(given: Arguments) -> tuple[Tensor, Tensor]:
    """``y`` (batch, length, channels) without the skip ``D u``, and the last state."""
    scan = given.by_channel()
    tensors = (scan.u, scan.dt, scan.A, scan.B, scan.C, scan.h0)
    keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    return _Loop.apply(*tensors, keep)


class _Loop(torch.autograd.Function):
    """Time comes first inside: each step then reads and writes one block of memory."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> tuple[Tensor, Tensor]:
        u, dt, A, B, C, h0, keep = given
        batch, length, channels = u.shape
        y = u.new_empty(length, batch, channels)
        write = (dt * u).transpose(0, 1).unsqueeze(-1)  # t b d 1
        steps = dt.transpose(0, 1).unsqueeze(-1)
        states = u.new_empty(length if keep else 1, *h0.shape)
        h = h0
        for t in range(length):
            into = states[t if keep else 0]
            torch.mul(torch.exp(steps[t] * A), h, out=into)
            h = into.addcmul_(write[t], B[:, t, None, :])
            torch.matmul(h, C[:, t, :, None], out=y[t].unsqueeze(-1))
        if keep:
            ctx.save_for_backward(u, dt, A, B, C, h0, states)
        return y.transpose(0, 1).contiguous(), h.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Any) -> tuple[Tensor | None, ...]:
        gy, glast = given
        u, dt, A, B, C, h0, states = ctx.saved_tensors
        gu, gdt = torch.empty_like(u), torch.empty_like(dt)
        gB, gC = torch.empty_like(B), torch.empty_like(C)
        gA = torch.zeros_like(h0)
        g = glast.clone()  # b d n: the gradient with respect to the state after step t
        for t in range(u.shape[1] - 1, -1, -1):
            before = states[t - 1] if t else h0
            step, out = dt[:, t, :, None], gy[:, t, :, None]  # b d 1
            g.addcmul_(out, C[:, t, None, :])
            gC[:, t] = (out.transpose(1, 2) @ states[t]).squeeze(1)
            gB[:, t] = ((dt[:, t] * u[:, t]).unsqueeze(1) @ g).squeeze(1)
            gwrite = (g @ B[:, t, :, None]).squeeze(-1)  # b d
            g *= torch.exp(step * A)
            gpower = g * before  # with respect to the exponent dt A
            gA.addcmul_(gpower, step)
            gdt[:, t] = (gpower * A).sum(-1) + gwrite * u[:, t]
            gu[:, t] = gwrite * dt[:, t]
        return gu, gdt, gA.sum(0), gB, gC, g, None
