"""The scan as one Triton kernel each way, for accelerators: a program walks one block of channels.

The parallel prefix moves every state through memory several times; here the state stays in
registers, and what is written is ``y`` and, where gradients are wanted, the states.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from engine.core.errors import BadInput
from engine.models.ssm.arguments import Arguments

BLOCK = 32  # channels of a program
DTYPES = (torch.float32, torch.float64)


@cache
def kernels() -> Any:
    """The module of kernels; raises ImportError where there is no Triton."""
    from engine.models.ssm import fused_kernels

    return fused_kernels


def is_fused(like: Tensor) -> bool:
    """Whether the kernels run on the device of ``like``."""
    return like.device.type == "cuda" and find_spec("triton") is not None


def scan_fused(given: Arguments) -> tuple[Tensor, Tensor]:
    """``y`` (batch, length, channels) without the skip ``D u``, and the last state.

    Raises BadInput where the kernels cannot be had.
    """
    if not is_fused(given.u) or given.u.dtype not in DTYPES:
        raise BadInput("backend", "'triton' needs a CUDA device; 'loop' gives the same")
    scan = given.by_channel()
    tensors = (scan.u, scan.dt, scan.A, scan.B, scan.C, scan.h0)
    keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    return _Fused.apply(*tensors, keep)


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *given: Any) -> tuple[Tensor, Tensor]:
        *tensors, keep = given
        u, dt, A, B, C, h0 = tensors = [tensor.contiguous() for tensor in tensors]
        batch, length, channels = u.shape
        states = A.shape[1]
        y, last = torch.empty_like(u), torch.empty_like(h0)
        kept = u.new_empty(batch, length, channels, states) if keep else u
        grid, wide = _sizes(batch, channels, states)
        kernels().forward[grid](
            u, dt, A, B, C, h0, y, last, kept, length, channels, states, *wide, KEEP=keep
        )  # fmt: skip
        if keep:
            ctx.save_for_backward(u, dt, A, B, C, h0, kept)
        return y, last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Any) -> tuple[Tensor | None, ...]:
        gy, glast = (gradient.contiguous() for gradient in given)
        u, dt, A, B, C, h0, kept = ctx.saved_tensors
        batch, length, channels = u.shape
        states = A.shape[1]
        gu, gdt, gh0, gA = (torch.empty_like(x) for x in (u, dt, h0, h0))
        grid, wide = _sizes(batch, channels, states)
        # Each program writes its own part, and parts are added in one order.
        gB, gC = (u.new_empty(grid[1], *B.shape) for _ in range(2))
        kernels().backward[grid](
            u, dt, A, B, C, h0, kept, gy, glast, gu, gdt, gA, gB, gC, gh0,
            batch, length, channels, states, *wide,
        )  # fmt: skip
        return gu, gdt, gA.sum(0), gB.sum(0), gC.sum(0), gh0, None


def _sizes(batch: int, channels: int, states: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The grid (batch, blocks), and channels and states of a program as powers of two."""
    return (batch, -(-channels // BLOCK)), (BLOCK, 1 << (states - 1).bit_length())
