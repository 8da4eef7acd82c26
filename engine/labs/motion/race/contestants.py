"""Who races: every back end of the scan, and an attention layer of the same width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from engine.models.ssm import choose_backend, selective_scan
from engine.models.ssm.kernel import load_kernel

HEAD = 32
NAMES = ("c", "ssd", "loop", "assoc", "reference", "attention")
# Copies of every state (batch, length, channels, states) that are held at once, forward and with
# gradients; the kernel, SSD and attention hold none.
COPIES = {"loop": (0, 2), "assoc": (8, 14), "reference": (0, 7)}
NO_KERNEL = "there is no C compiler here, or its kernel failed the trial"


@dataclass(frozen=True)
class Sizes:
    """The shape of one scan; attention has ``channels / 32`` heads and no states."""

    batch: int
    length: int
    channels: int
    states: int


@dataclass(frozen=True, eq=False)
class Call:
    """A call to be timed, and the tensors that gradients are asked for."""

    run: Callable[[], Tensor]
    leaves: list[Tensor]


class Attention(nn.Module):
    """Queries, keys, values and output of one width, causal, with heads of 32."""

    def __init__(self, width: int):
        super().__init__()
        self.heads = width // HEAD
        self.into, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, length, width) to the same."""
        q, k, v = self.into(x).unflatten(-1, (3, self.heads, HEAD)).permute(2, 0, 3, 1, 4)
        y = scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).flatten(2))


def build_call(name: str, sizes: Sizes, seed: int = 0) -> Call:
    """The contestant ``name`` at ``sizes`` in float32: steps up to 0.1, rates -1 to -16.

    A scan is the recurrence alone; attention is the whole layer. SSD has one rate of decay for a
    head of 32 channels and is another operator.
    """
    draw = torch.Generator().manual_seed(seed)
    batch, length, channels, states = (
        sizes.batch,
        sizes.length,
        sizes.channels,
        sizes.states,
    )

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw)

    def level(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=draw)

    if name == "attention":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            layer = Attention(channels)
        x = normal(batch, length, channels).requires_grad_()
        return Call(lambda: layer(x), [x, *layer.parameters()])
    rates = (channels // HEAD,) if name == "ssd" else (channels, states)
    inputs = [
        normal(batch, length, channels),
        0.1 * level(batch, length, rates[0]),
        -(1 + 15 * level(*rates)),
        normal(batch, length, states),
        normal(batch, length, states),
        normal(channels),
    ]
    leaves = [tensor.requires_grad_() for tensor in inputs]
    return Call(lambda: selective_scan(*leaves, backend=name), leaves)


def chosen_backend() -> str:
    """The back end that the models' scan takes on this machine in float32."""
    return choose_backend(False, torch.zeros(1))


def missing() -> dict[str, str]:
    """Who cannot race here, and why."""
    return {} if load_kernel(torch.float32) is not None else {"c": NO_KERNEL}


def held_bytes(name: str, sizes: Sizes, *, backward: bool) -> float:
    """Bytes of the states that a contestant holds at once, in float32."""
    copies = COPIES.get(name, (0, 0))[backward]
    return 4.0 * copies * sizes.batch * sizes.length * sizes.channels * sizes.states
