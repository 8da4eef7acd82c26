"""The scan by the C kernel: work items over threads, and gradients through marked states."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from threading import Thread
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from engine.core.errors import BadInput
from engine.models.ssm.arguments import Arguments
from engine.models.ssm.kernel import load_kernel

# Below this many states a second thread costs more than it gives.
SMALL = 1 << 19


def scan_compiled(given: Arguments) -> tuple[Tensor, Tensor]:
    """``y`` (batch, length, channels) without the skip ``D u``, and the last state.

    Raises BadInput where the kernel cannot be had.
    """
    kernel = load_kernel(given.u.dtype) if given.u.device.type == "cpu" else None
    if kernel is None:
        raise BadInput("backend", "the C kernel is not available here; 'loop' gives the same")
    return scan_with(kernel, given)


def scan_with(kernel: ctypes.CDLL, given: Arguments) -> tuple[Tensor, Tensor]:
    """The scan by ``kernel``, which must compute in the arguments' dtype."""
    scan = given.by_channel()
    tensors = (scan.u, scan.dt, scan.A, scan.B, scan.C, scan.h0)
    keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    return _Compiled.apply(*tensors, kernel, keep)


class _Compiled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *given: Any) -> tuple[Tensor, Tensor]:
        *tensors, kernel, keep = given
        u, dt, A, B, C, h0 = tensors = [tensor.contiguous() for tensor in tensors]
        batch, length, channels = u.shape
        states, width = A.shape[1], kernel.scan_width()
        items = batch * -(-channels // width)
        y, last = torch.empty_like(u), torch.empty_like(h0)
        marks = None
        if keep:
            marks = u.new_empty(items, -(-length // kernel.scan_stride()), states, width)
        places = _places(u, dt, A, B, C, h0, y, last, marks)
        sizes = (length, channels, states)
        _share(items, u.numel() * states, lambda a, b: kernel.scan_forward(a, b, *sizes, *places))
        if keep:
            ctx.save_for_backward(u, dt, A, B, C, marks)
            ctx.kernel = kernel
        return y, last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Any) -> tuple[Tensor | None, ...]:
        gy, glast = (gradient.contiguous() for gradient in given)
        u, dt, A, B, C, marks = ctx.saved_tensors
        batch, length, channels = u.shape
        states, blocks = A.shape[1], len(marks) // batch
        gu, gdt, gh0 = torch.empty_like(u), torch.empty_like(dt), torch.empty_like(glast)
        # Each item writes its own part and the parts are added up in one order: the sum does not
        # depend on the number of threads.
        gA = torch.empty_like(glast)
        gB, gC = (u.new_empty(blocks, *B.shape) for _ in range(2))
        places = _places(u, dt, A, B, C, marks, gy, glast, gu, gdt, gA, gB, gC, gh0)
        sizes = (batch, length, channels, states)
        _share(
            len(marks),
            2 * u.numel() * states,
            lambda a, b: ctx.kernel.scan_backward(a, b, *sizes, *places),
        )
        return gu, gdt, gA.sum(0), gB.sum(0), gC.sum(0), gh0, None, None


def _places(*tensors: Tensor | None) -> list[int | None]:
    return [None if tensor is None else tensor.data_ptr() for tensor in tensors]


def _share(items: int, work: int, run: Callable[[int, int], int]) -> None:
    """Split ``items`` over torch's threads; a call into the kernel does not hold Python's lock."""
    count = min(torch.get_num_threads(), items) if work > SMALL else 1
    edges = [items * index // count for index in range(count + 1)]
    codes = [0] * count

    def part(index: int) -> None:
        codes[index] = run(edges[index], edges[index + 1])

    others = [Thread(target=part, args=(index,)) for index in range(1, count)]
    for thread in others:
        thread.start()
    part(0)
    for thread in others:
        thread.join()
    if any(codes):
        raise MemoryError("the scan's kernel found no memory for its states")
