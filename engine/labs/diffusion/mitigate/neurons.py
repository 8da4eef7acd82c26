"""Value neurons that a prompt excites unlike other prompts (Hintersdorf et al. 2024, NeMo).

A neuron is an output of a cross-attention's value projection. It sees the text encoder's states
only, so that no picture is sampled to score it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.core import BadInput
from engine.labs.diffusion.mitigate.treatment import generator
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import Cut

Neurons = dict[str, Tensor]
"""By layer name: bool (outputs,); True is a neuron to block."""
PARTS, SUFFIX = ("down_blocks.", "mid_block."), ".attn2.to_v"
BATCH = 256


def value_layers(pipeline: Pipeline) -> dict[str, nn.Linear]:
    """The value projections of the down and mid blocks, where NeMo looks; raises BadInput."""
    found = {
        name: module
        for name, module in pipeline.unet.named_modules()
        if name.startswith(PARTS) and name.endswith(SUFFIX) and isinstance(module, nn.Linear)
    }
    if not found:
        raise BadInput("model", "it has no cross-attention in its down or mid blocks")
    return found


@torch.no_grad()
def activations(pipeline: Pipeline, prompts: Sequence[str]) -> dict[str, Tensor]:
    """Mean absolute output over a prompt's tokens, by layer: (prompts, outputs)."""
    parts = []
    for start in range(0, len(prompts), BATCH):
        states = pipeline.encode(prompts[start : start + BATCH])
        parts.append({n: layer(states).abs().mean(1) for n, layer in _layers(pipeline)})
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


@dataclass(frozen=True, eq=False)
class Usual:
    """Mean and standard deviation of each neuron over ordinary prompts, by layer (outputs,)."""

    mean: Mapping[str, Tensor]
    spread: Mapping[str, Tensor]
    prompts: int

    def distance(self, layer: str, activation: Tensor) -> Tensor:
        """How many standard deviations from the mean, like ``activation`` (..., outputs)."""
        return (activation - self.mean[layer]).abs() / self.spread[layer].clamp(min=1e-12)


def usual(pipeline: Pipeline, prompts: Sequence[str]) -> Usual:
    """What neurons do for ordinary prompts; raises BadInput for fewer than two."""
    if len(prompts) < 2:
        raise BadInput("others", f"at least 2 prompts are needed (got {len(prompts)})")
    found = activations(pipeline, prompts)
    return Usual(
        {name: values.mean(0) for name, values in found.items()},
        {name: values.std(0, unbiased=False) for name, values in found.items()},
        len(prompts),
    )


def candidates(mine: Mapping[str, Tensor], others: Usual, *, theta: float, most: int) -> Neurons:
    """Neurons over ``theta`` standard deviations from the mean, and the ``most`` strongest of each
    layer. ``mine`` (outputs,) by layer are one prompt's activations.
    """
    chosen = {}
    for name, values in mine.items():
        mask = others.distance(name, values) > theta
        mask[values.topk(min(most, len(values))).indices] = True
        chosen[name] = mask
    return chosen


def block(pipeline: Pipeline, neurons: Neurons) -> Cut:
    """Weights in which blocked neurons give zero for every prompt."""
    weights: dict[str, Tensor] = {}
    for name, mask in neurons.items():
        layer = pipeline.unet.get_submodule(name)
        for part, parameter in layer.named_parameters():
            kept = ~mask if part == "bias" else ~mask[:, None]
            weights[f"{name}.{part}"] = parameter.detach() * kept
    return Cut(unet=weights)


def union(several: Sequence[Neurons]) -> Neurons:
    """Neurons that any of the prompts points to."""
    return {name: torch.stack([neurons[name] for neurons in several]).any(0) for name in several[0]}


def random_neurons(neurons: Neurons, seed: int) -> Neurons:
    """As many neurons of every layer, drawn at random: the control of a block."""
    draw = generator(seed, 2)
    drawn = {}
    for name, mask in neurons.items():
        order = torch.randperm(len(mask), generator=draw)
        drawn[name] = torch.zeros_like(mask)
        drawn[name][order[: int(mask.sum())]] = True
    return drawn


def count(neurons: Neurons) -> int:
    """Blocked neurons of all layers."""
    return sum(int(mask.sum()) for mask in neurons.values())


def _layers(pipeline: Pipeline) -> list[tuple[str, nn.Linear]]:
    return list(value_layers(pipeline).items())
