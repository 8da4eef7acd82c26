"""The trial of a freshly loaded kernel: 64 random steps and their gradients against the loop."""

from __future__ import annotations

import ctypes

import torch

from engine.models.ssm.arguments import Arguments
from engine.models.ssm.compiled import scan_with
from engine.models.ssm.kernel import NoKernel
from engine.models.ssm.loop import scan_loop

STEPS, BATCH, CHANNELS, STATES = 64, 2, 40, 5
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


@torch.inference_mode(False)
def try_kernel(kernel: ctypes.CDLL, dtype: torch.dtype) -> None:
    """Return if outputs, last states and every gradient agree with the loop; raises NoKernel."""
    draw = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=draw, dtype=dtype)

    u, B, C = (normal(BATCH, STEPS, width) for width in (CHANNELS, STATES, STATES))
    dt = torch.exp(normal(BATCH, STEPS, CHANNELS) - 2)
    A = -torch.exp(normal(CHANNELS, STATES))
    h0 = normal(BATCH, CHANNELS, STATES)
    inputs = [tensor.requires_grad_() for tensor in (u, dt, A, B, C, h0)]
    weigh = normal(BATCH, STEPS, CHANNELS), normal(BATCH, CHANNELS, STATES)
    with torch.enable_grad():
        ours = scan_with(kernel, Arguments(*inputs))
        right = scan_loop(Arguments(*inputs))
        ours = (*ours, *torch.autograd.grad(ours, inputs, weigh))
        right = (*right, *torch.autograd.grad(right, inputs, weigh))
    for name, one, other in zip(
        ("y", "h", *(f"the gradient of {x}" for x in ("u", "dt", "A", "B", "C", "h0"))),
        ours,
        right,
        strict=True,
    ):
        apart = float((one - other).detach().abs().max() / other.detach().abs().max())
        if not apart <= TOLERANCE[dtype]:
            raise NoKernel(f"its {name} is {apart:.2g} from the loop's")
