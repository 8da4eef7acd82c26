"""The largest model that trains on a GPU: bytes a parameter, and the activations beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.core.errors import BadInput

GB = 1e9
HEAD = 64  # dimensions of an attention head of the shapes in ZeRO-Offload's experiments
ASPECT = 64  # width over depth
LOGIT_BYTES = 6  # half precision, and fp32 for the loss
MOST = 1e13


@dataclass(frozen=True)
class Activations:
    """What a micro-batch keeps on the GPU, in bytes.

    ``again``: only each layer's input is kept, and the layer is computed anew. Bytes of a layer
    after Korthikanti et al. (arXiv 2205.05198), section 4.1: s b h (34 + 5 a s / h).
    """

    sequence: int = 1024
    micro_batch: int = 1
    again: bool = True
    vocabulary: int = 50257

    @property
    def tokens(self) -> int:
        """Of a micro-batch."""
        return self.sequence * self.micro_batch

    def layer(self, hidden: float, head: float = HEAD) -> float:
        """All that the backward pass of one layer needs."""
        return self.tokens * (34 * hidden + 5 * self.sequence * hidden / head)

    def inputs(self, hidden: float, layers: float) -> float:
        """The half-precision inputs of all layers."""
        return 2 * self.tokens * hidden * layers

    @property
    def logits(self) -> float:
        """Scores of the vocabulary and their gradient."""
        return LOGIT_BYTES * self.tokens * self.vocabulary

    def of_model(self, parameters: float) -> float:
        """Of a GPT with 12 L h² parameters and a fixed ratio of width to depth."""
        hidden = (ASPECT * parameters / 12) ** (1 / 3)
        layers = hidden / ASPECT
        kept = self.layer(hidden) * (1 if self.again else layers)
        return kept + self.logits + (self.inputs(hidden, layers) if self.again else 0.0)


@dataclass(frozen=True)
class Strategy:
    """Bytes a parameter on the GPU, bytes that do not grow with the model, and its activations."""

    name: str
    parameter_bytes: float
    fixed: float
    activations: Activations

    def needs(self, parameters: float) -> float:
        """Bytes on the GPU."""
        return (
            self.parameter_bytes * parameters + self.fixed + self.activations.of_model(parameters)
        )

    def largest(self, memory: float) -> float:
        """Parameters of the largest model that ``memory`` bytes hold; raises BadInput for none."""
        if self.needs(1.0) > memory:
            raise BadInput("gpu_memory_gb", f"does not hold the activations of {self.name}: "
                           f"{self.needs(1.0) / GB:.1f} GB (got {memory / GB:g})")  # fmt: skip
        return _last(lambda parameters: self.needs(parameters) <= memory)


def _last(fits: Callable[[float], bool]) -> float:
    """The largest number for which a condition that turns false once is still true."""
    low, high = 1.0, MOST
    for _ in range(200):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
