"""What an iteration asks of one rank besides the update: forward and backward of its tokens."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.errors import BadInput
from engine.labs.memory_hardware.offload.node import Node

# Floating-point operations a parameter and token: two forward, four backward, and two for the
# second forward that activation checkpointing needs.
FORWARD, BACKWARD, AGAIN = 2, 4, 2
TERA = 1e12


@dataclass(frozen=True)
class Work:
    """``parameters`` that ``tokens`` pass on this GPU; all of the model with data parallelism.

    ``again``: the backward pass computes the forward pass anew, as with checkpointed activations.
    Attention's own products are left out, as they are in 2 P.
    """

    parameters: float
    tokens: float
    again: bool = True

    def __post_init__(self) -> None:
        for name in ("parameters", "tokens"):
            if not 0 < getattr(self, name) <= 1e15:
                raise BadInput(name, f"must be above 0 (got {getattr(self, name):g})")

    @property
    def forward_flop(self) -> float:
        """Of one forward pass."""
        return FORWARD * self.parameters * self.tokens

    @property
    def backward_flop(self) -> float:
        """Of one backward pass."""
        return (BACKWARD + (AGAIN if self.again else 0)) * self.parameters * self.tokens

    def forward_seconds(self, node: Node) -> float:
        """How long the forward pass takes."""
        return self.forward_flop / (node.tflops * TERA)

    def backward_seconds(self, node: Node) -> float:
        """How long the backward pass takes while nothing else is waited for."""
        return self.backward_flop / (node.tflops * TERA)
