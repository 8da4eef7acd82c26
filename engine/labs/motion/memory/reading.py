"""One scan's memory in numbers: the exact influence matrix, what is written, kept and forgotten."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.labs.motion.memory.attending import attend
from engine.labs.motion.memory.readers import Reader
from engine.labs.motion.memory.taps import Heard
from engine.models.ssm import half_life, influence


@dataclass(frozen=True, eq=False)
class Memory:
    """What one scan or attention layer reads of every token, tokens in the order of time.

    ``influence`` and ``read`` (to, from): the mean over channels of ``|M[t, s]|`` and of
    ``|M[t, s] u[s]|``; of attention, the mean over heads of the weights and of ``|w[t, s] v[s]|``.
    The others are of scans alone, else None: ``write`` (token,) ``||dt u B||``, ``forget`` (token,)
    the mean of ``1 - exp(dt A)``, ``state`` (token,) ``||h||``, ``kept`` (from, to) the share of
    what is written at a token that is left, each state weighed by what it was given, ``lives``
    (channels, state) the half-lives in tokens and ``weights`` (channels, state) what was written.
    ``gap`` is the largest difference of ``M u`` and ``y - D u`` as the network computed it, as a
    share of the largest ``y``.
    """

    influence: np.ndarray
    read: np.ndarray
    write: np.ndarray | None = None
    forget: np.ndarray | None = None
    state: np.ndarray | None = None
    kept: np.ndarray | None = None
    lives: np.ndarray | None = None
    weights: np.ndarray | None = None
    gap: float = 0.0


@torch.inference_mode()
def read_memory(reader: Reader, heard: Heard) -> Memory:
    """What ``reader`` did with what it heard, in double precision."""
    if reader.kind == "attention":
        return _attention(reader, heard)
    return _scan(reader, heard)


def _attention(reader: Reader, heard: Heard) -> Memory:
    layer = copy.deepcopy(reader.module).double()
    x = heard.x.double()[None]
    weights, made = attend(layer, x)
    value = layer.enter(x).chunk(3, dim=-1)[2]
    sizes = value.unflatten(-1, (weights.shape[1], -1)).abs().mean(-1)[0].T  # heads from
    gap = (made[0] - heard.y.double()).abs().max() / heard.y.abs().max()
    return Memory(
        weights[0].mean(0).numpy(), (weights[0] * sizes[:, None]).mean(0).numpy(), gap=float(gap)
    )


def scan_numbers(reader: Reader, heard: Heard) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """``u``, ``dt``, ``A``, ``B``, ``C`` of a scan in double precision, in the scan's own order."""
    scan = copy.deepcopy(reader.module).double()
    x, hold = heard.x.double()[None], heard.hold
    if reader.direction == "backwards":
        x, hold = x.flip(1), None if hold is None else hold.flip(0)
    return scan.project(x, None if hold is None else hold[None])


def _scan(reader: Reader, heard: Heard) -> Memory:
    u, dt, A, B, C = scan_numbers(reader, heard)
    back = reader.direction == "backwards"
    y = heard.y.double()
    matrix = influence(dt, A, B, C)[0]  # d t s
    skip = reader.module.skip.double()
    told = torch.einsum("dts,sd->td", matrix, u[0]) + skip * u[0]
    gap = (told - (y.flip(0) if back else y)).abs().max() / y.abs().max()
    written = (dt * u)[0, :, :, None] * B[0, :, None]  # t d n
    fade = torch.exp(dt[0, :, :, None] * A)
    states, h = [], torch.zeros_like(written[0])
    for t in range(len(written)):
        h = fade[t] * h + written[t]
        states.append(h.norm())
    return Memory(
        influence=_square(matrix.abs().mean(0), back),
        read=_square((matrix * u[0].T[:, None]).abs().mean(0), back),
        write=_line(written.flatten(1).norm(dim=1), back),
        forget=_line((1 - fade).mean((1, 2)), back),
        state=_line(torch.stack(states), back),
        kept=_square(_kept(dt[0], A, written.abs()), back),
        lives=half_life(dt, A).numpy(),
        weights=written.abs().mean(0).numpy(),
        gap=float(gap),
    )


def _kept(dt: Tensor, A: Tensor, written: Tensor) -> Tensor:
    """Share of each token's writing (from, to) that is left, 0 before it; 0 for what wrote none."""
    length = len(dt)
    kept = torch.zeros(length, length, dtype=dt.dtype)
    passed = dt.cumsum(0)
    for s in range(length):
        left = torch.exp((passed[s:] - passed[s])[:, :, None] * A)  # t d n
        total = written[s].sum().clamp(min=1e-300)
        kept[s, s:] = (left * written[s]).sum((1, 2)) / total
    return kept


def _line(values: Tensor, back: bool) -> np.ndarray:
    return (values.flip(0) if back else values).numpy()


def _square(values: Tensor, back: bool) -> np.ndarray:
    return (values.flip(0, 1) if back else values).numpy()
