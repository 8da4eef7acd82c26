"""A low-rank addition to the attention layers, held beside a model that stays as it is.

Hu et al. 2022 (LoRA): a weight W is used as W + B A, where A has ``rank`` rows and B starts at
zero. SlowFast-VGen (Hong et al. 2024) writes episodes into such a module while it samples. Here
one picture is written: which layers, the rate and the scale of 1 are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.core import BadInput
from engine.labs.diffusion.attack import denoising_loss
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import Cut

LAYERS = (".to_q", ".to_k", ".to_v", ".to_out.0")
RATE, BATCH = 1e-2, 8


@dataclass(frozen=True, eq=False)
class Lora:
    """The factors of every layer by name: ``down`` A (rank, inputs), ``up`` B (outputs, rank)."""

    down: Mapping[str, Tensor]
    up: Mapping[str, Tensor]

    def added(self) -> dict[str, Tensor]:
        """What is added to each layer's weight, B A (outputs, inputs)."""
        return {name: self.up[name] @ self.down[name] for name in self.down}

    def weights(self, pipeline: Pipeline) -> Cut:
        """The weights W + B A for the calls that are given them; the pipeline's stay W."""
        return Cut(
            unet={
                f"{name}.weight": pipeline.unet.get_parameter(f"{name}.weight") + change
                for name, change in self.added().items()
            }
        )

    def parameters(self) -> list[Tensor]:
        """Everything that is trained."""
        return [*self.down.values(), *self.up.values()]

    def frozen(self) -> Lora:
        """A copy that further training leaves alone."""
        return Lora(
            {name: value.detach().clone() for name, value in self.down.items()},
            {name: value.detach().clone() for name, value in self.up.items()},
        )


def attention_layers(pipeline: Pipeline) -> dict[str, nn.Linear]:
    """The projections of self- and cross-attention in the U-Net, by name."""
    return {
        name: module
        for name, module in pipeline.unet.named_modules()
        if name.endswith(LAYERS) and isinstance(module, nn.Linear)
    }


def build_lora(pipeline: Pipeline, rank: int, seed: int) -> Lora:
    """An addition of zero: A is drawn with variance 1 / inputs, B is zero.

    Raises BadInput for a rank that is not below the smallest layer's width.
    """
    layers = attention_layers(pipeline)
    widest = min(min(layer.weight.shape) for layer in layers.values())
    if not 1 <= rank < widest:
        raise BadInput("ranks", f"must be from 1 to {widest - 1} (got {rank})")
    draw = torch.Generator().manual_seed(seed)
    down, up = {}, {}
    for name, layer in layers.items():
        outputs, inputs = layer.weight.shape
        down[name] = torch.randn(rank, inputs, generator=draw) / inputs**0.5
        up[name] = torch.zeros(outputs, rank)
    return Lora(down, up)


def write(
    pipeline: Pipeline,
    states: Tensor,
    clean: Tensor,
    *,
    rank: int,
    count: int,
    seed: int,
    watch: Callable[[int, Lora, float], None] = lambda step, lora, loss: None,
) -> Lora:
    """Train an addition for ``count`` Adam steps to predict ``clean`` (1, c, h, w) from its prompt.

    ``states`` (1, length, width) are the prompt's. ``watch`` is given the steps done, what is
    written so far and the step's loss; it may raise to stop.
    """
    lora = build_lora(pipeline, rank, seed)
    for value in lora.parameters():
        value.requires_grad_(True)
    optimiser = torch.optim.Adam(lora.parameters(), lr=RATE)
    draw = torch.Generator().manual_seed(seed)
    for step in range(count):
        loss = denoising_loss(
            pipeline, clean, states, lora.weights(pipeline), batch=BATCH, draw=draw
        ).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        watch(step + 1, lora, loss.item())
    return lora.frozen()
