"""The selective scan: S6 and SSD behind one function, by whichever back end suits the machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.core.errors import BadInput
from engine.models.ssm.arguments import Arguments, check_arguments, working_dtype
from engine.models.ssm.associative import scan_associative
from engine.models.ssm.compiled import scan_compiled
from engine.models.ssm.fused import is_fused, scan_fused
from engine.models.ssm.kernel import load_kernel
from engine.models.ssm.loop import scan_loop
from engine.models.ssm.padding import hold_padding
from engine.models.ssm.reference import scan_reference
from engine.models.ssm.ssd import scan_ssd

BACKENDS: Mapping[str, Callable[[Arguments], tuple[Tensor, Tensor]]] = {
    "reference": scan_reference,
    "loop": scan_loop,
    "assoc": scan_associative,
    "ssd": scan_ssd,
    "c": scan_compiled,
    "triton": scan_fused,
}


def selective_scan(
    u: Any,
    dt: Any,
    A: Any,
    B: Any,
    C: Any,
    D: Any = None,
    *,
    h0: Any = None,
    lengths: Any = None,
    return_state: bool = False,
    backend: str = "auto",
) -> Any:
    """``y`` (batch, length, channels) of the scan, and with ``return_state`` the state at its end.

    ``u`` (batch, length, channels); ``B``, ``C`` (batch, length, state); ``D`` (channels,) or None.
    ``A`` (channels, state), negative, with ``dt`` (batch, length, channels), positive, is S6
    (Mamba, arXiv 2312.00752); ``A`` (heads,) with ``dt`` (batch, length, heads) is SSD (Mamba-2,
    arXiv 2405.21060), the channels divided among the heads in order. ``h0`` (batch, channels,
    state) is the state before the first step, zeros if None. ``lengths`` (batch,) says where each
    sequence ends: from there on ``y`` is 0 and the state holds.

    Every back end gives the same numbers up to rounding, with gradients for all of ``u``, ``dt``,
    ``A``, ``B``, ``C``, ``D``, ``h0``. Half precision is computed in float32; ``y`` has the dtype
    of ``u``. NumPy arrays are taken too and answered in kind. Raises BadInput.
    """
    if isinstance(u, np.ndarray):
        tensors = [None if x is None else torch.tensor(x) for x in (u, dt, A, B, C, D, h0, lengths)]
        *inputs, start, ends = tensors
        found = selective_scan(
            *inputs, h0=start, lengths=ends, return_state=return_state, backend=backend
        )
        return tuple(x.numpy() for x in found) if return_state else found.numpy()
    given = check_arguments(u, dt, A, B, C, D, h0)
    if lengths is not None:
        held = {name: hold_padding(getattr(given, name), lengths) for name in ("u", "dt", "B", "C")}
        given = replace(given, **held)
    name = choose_backend(given.by_head, given.u) if backend == "auto" else backend
    if name not in BACKENDS:
        raise BadInput("backend", f"must be auto, {', '.join(BACKENDS)} (got {backend!r})")
    if name == "ssd" and not given.by_head:
        raise BadInput("backend", "'ssd' needs a decay per head: A must be (heads,)")
    y, h = BACKENDS[name](given)
    if D is not None:
        y = y + D.to(y.dtype) * given.u
    if lengths is not None:
        y = hold_padding(y, lengths)
    y = y.to(u.dtype)
    return (y, h) if return_state else y


def choose_backend(by_head: bool, like: Tensor) -> str:
    """The back end that ``auto`` takes for tensors of the kind and device of ``like``.

    The C kernel where the machine has a compiler and the kernel passes its trial: it is the
    fastest on a processor for S6 and for a decay per head. Else SSD for the latter and the loop
    for the former; on an accelerator the Triton kernel where there is one, else the parallel
    prefix in place of the loop, which would wait for the launch of every step.
    """
    cpu = like.device.type == "cpu"
    if cpu and load_kernel(working_dtype(like)) is not None:
        return "c"
    if is_fused(like):
        return "triton"
    if by_head:
        return "ssd"
    return "loop" if cpu else "assoc"
