"""Muon in float32: the library's version computes in bfloat16, which most CPUs only emulate."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
STEPS = 5


def orthogonalise(matrix: Tensor) -> Tensor:
    """An approximately orthogonal matrix of the same shape (m, n) and the same singular vectors.

    Quintic Newton-Schulz iteration; singular values end up between about 0.7 and 1.2
    (Jordan et al. 2024, "Muon", coefficients from there).
    """
    a, b, c = COEFFICIENTS
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = wide / wide.norm().clamp_min(1e-7)
    for _ in range(STEPS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide is matrix else x.T


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised and scaled to AdamW's step size.

    The scale 0.2 sqrt(max(m, n)) gives each step AdamW's typical root mean square (Liu et al.
    2025, section 2.2). Parameters must be matrices.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        momentum: float = 0.95,
        weight_decay: float = 0.1,
    ):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                average = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                look_ahead = parameter.grad.lerp(average, group["momentum"])
                scale = 0.2 * max(parameter.shape) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(orthogonalise(look_ahead), alpha=-group["lr"] * scale)
