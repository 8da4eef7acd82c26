"""A network with another memory: tokens that leave nothing in it, or states that fade otherwise.

The changes hold within a ``with`` and for one batch. Samplers ask a network with every caption and
without it in one batch of twice the size, so that what is given for each clip is repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from engine.labs.motion.memory.attending import attend
from engine.labs.motion.memory.readers import Reader


@contextmanager
def erased(readers: Sequence[Reader], tokens: Tensor, *, everywhere: bool) -> Iterator[None]:
    """``tokens`` (clips, length) have step size 0 in every scan: they read and leave nothing.

    With ``everywhere`` attention does not read them either. Without scans attention is all there
    is, and there they are erased in any case.
    """
    scans = any(reader.kind == "scan" for reader in readers)

    def hold(module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        x, lengths, held, h0 = (*given, None, None, None)[:4]
        mine = _repeated(tokens, len(x))
        return (x, lengths, mine if held is None else held | mine, h0), named

    def hide(module: Any, given: tuple[Any, ...], made: Tensor) -> Tensor:
        x, lengths = (*given, None)[:2]
        return attend(module, x, lengths, _repeated(tokens, len(x)))[1]

    hooks = [
        reader.module.register_forward_pre_hook(hold, with_kwargs=True)
        for reader in readers
        if reader.kind == "scan"
    ]
    if everywhere or not scans:
        hooks += [
            reader.module.register_forward_hook(hide)
            for reader in readers
            if reader.kind == "attention"
        ]
    with _removed(hooks):
        yield


@contextmanager
def stretched(readers: Sequence[Reader], factors: Tensor) -> Iterator[None]:
    """All step sizes of these scans times ``factors`` (clips, number of readers).

    A step of twice the size writes twice as much and lets everything fade twice as fast.
    """

    def multiply(at: int) -> Any:
        def grow(module: nn.Module, given: Any, made: Tensor) -> Tensor:
            factor = _repeated(factors[:, at], len(made))[:, None, None]
            # The softplus that follows gives the step size: what is returned is its inverse.
            wanted = factor * torch.nn.functional.softplus(made)
            inverse = wanted + torch.log(-torch.expm1(-wanted))
            return torch.where(factor == 1, made, inverse)

        return grow

    hooks = [
        reader.module.get_submodule("step").register_forward_hook(multiply(at))
        for at, reader in enumerate(readers)
    ]
    with _removed(hooks):
        yield


def _repeated(values: Tensor, size: int) -> Tensor:
    return values.repeat(size // len(values), *(1,) * (values.ndim - 1))


@contextmanager
def _removed(hooks: Sequence[Any]) -> Iterator[None]:
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
