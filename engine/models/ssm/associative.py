"""The recurrence as a parallel prefix: how a machine with many lanes scans in log(length) rounds.

A step is the map ``h -> a h + b``; two steps after each other are one such map again,
``(a1, b1) then (a2, b2) = (a2 a1, a2 b1 + b2)``, and that composition is associative. Decays are
only ever multiplied, never divided by: the shorter form that divides by a running product of
decays overflows as soon as the exponents of a stretch add up to 88 in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.models.ssm.arguments import Arguments


def scan_associative(given: Arguments) -> tuple[Tensor, Tensor]:
    """``y`` (batch, length, channels) without the skip ``D u``, and the last state.

    Blelloch's scan (Prefix Sums and Their Applications, 1990): about twice the work of the loop
    in ``2 log2(length)`` rounds. It keeps (batch, length, channels, state) several times over.
    """
    scan = given.by_channel()
    decay = torch.exp(scan.dt.unsqueeze(-1) * scan.A)  # b l d n
    write = (scan.dt * scan.u).unsqueeze(-1) * scan.B.unsqueeze(2)
    first = decay[:, :1] * scan.h0.unsqueeze(1) + write[:, :1]
    states = prefix(decay, torch.cat([first, write[:, 1:]], dim=1))
    return torch.einsum("bldn,bln->bld", states, scan.C), states[:, -1]


def prefix(decay: Tensor, write: Tensor) -> Tensor:
    """Every ``h[t] = decay[t] h[t-1] + write[t]`` along axis 1, with ``h[-1] = 0``.

    Up: neighbours become one step, and the scan of these gives every second state. Down: each
    state between is one step from its neighbour.
    """
    length = decay.shape[1]
    if length == 1:
        return write
    even, odd = decay[:, 0 : length - 1 : 2], decay[:, 1::2]
    joined = odd * write[:, 0 : length - 1 : 2] + write[:, 1::2]
    seconds = prefix(even * odd, joined)  # the states at 1, 3, 5, ...
    between = seconds[:, : (length - 1) // 2]
    firsts = torch.cat([write[:, :1], decay[:, 2::2] * between + write[:, 2::2]], dim=1)
    return _interleave(firsts, seconds)


def _interleave(even: Tensor, odd: Tensor) -> Tensor:
    pairs = odd.shape[1]
    both = torch.stack([even[:, :pairs], odd], dim=2).flatten(1, 2)
    return both if even.shape[1] == pairs else torch.cat([both, even[:, pairs:]], dim=1)
