"""One step of the scan: streaming playback carries a state instead of a window of the past."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.core.errors import BadInput
from engine.models.ssm.arguments import check_arguments


def step(
    h: Tensor,
    u: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The output (batch, channels) of one step and the state after it (batch, channels, state).

    ``h`` (batch, channels, state), ``u`` (batch, channels), ``dt`` (batch, channels or heads),
    ``B``, ``C`` (batch, state); ``A`` and ``D`` as for ``selective_scan``. Time and memory do not
    depend on how much came before. Raises BadInput for shapes that do not fit.
    """
    for name, value in (("u", u), ("dt", dt), ("B", B), ("C", C)):
        if not isinstance(value, Tensor) or value.ndim != 2:
            raise BadInput(name, "must be a tensor of two axes, (batch, columns)")
    given = check_arguments(u[:, None], dt[:, None], A, B[:, None], C[:, None], D, h)
    now = given.by_channel()
    size = now.dt.transpose(1, 2)  # b d 1
    state = torch.exp(size * now.A) * now.h0 + size * now.u.transpose(1, 2) * now.B
    y = (state @ now.C.transpose(1, 2)).squeeze(-1)
    if D is not None:
        y = y + D.to(y.dtype) * now.u[:, 0]
    return y.to(u.dtype), state
