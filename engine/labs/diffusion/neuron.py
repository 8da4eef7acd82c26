"""One column of a layer: which prompts excite it, when and where, and pictures without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np
import torch
from torch import Tensor, nn

from engine.core import BadInput, Field, Result
from engine.core.context import Context
from engine.core.seeds import rng
from engine.labs.diffusion import copying
from engine.labs.diffusion.asked import asked_pipeline, asked_prompts
from engine.labs.diffusion.config.atlas import NeuronConfig
from engine.labs.diffusion.layer_names import in_running_order, short_name
from engine.labs.diffusion.locate.prune import prune
from engine.labs.diffusion.locate.sites import channels, find_site, layers
from engine.labs.diffusion.locate.statistics import SMALLEST
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import STEPS, first_noise, sample, steps

WAYS = ("whole", "off", "another off")


def neuron(config: NeuronConfig, context: Context) -> Result:
    """Pictures uint8 (way, prompt, height, width, channel) and activity of one column.

    The ways are the unpruned model, the model without the column, and without another column of the
    layer, drawn at random. "activity" (half, prompt, step, row, column) float32 is the column's
    input at every place of the picture over the length of that place's row; its halves are
    guidance's, without and with the prompt, and its prompts the pictured ones, then the ordinary
    ones. "ssim" (way, prompt) is to the training pictures, where the prompts have some, and
    "change" (way, prompt) the root mean square difference to the unpruned model's picture, from 0
    to 1. Raises BadInput for a layer or column that is not there.
    """
    pipeline = asked_pipeline(config)
    site = find_site(config.site)
    weights = layers(pipeline, site)
    names = in_running_order(weights)
    if config.neuron_layer >= len(names):
        raise BadInput(
            "neuron_layer", f"must be from 0 to {len(names) - 1} (got {config.neuron_layer})"
        )
    name = names[config.neuron_layer]
    width = int(weights[name].weight.shape[1])
    if config.column >= width:
        raise BadInput("column", f"must be from 0 to {width - 1} (got {config.column})")
    wanted, ordinary = (
        asked_prompts(pipeline, config, field, context.read_input)
        for field in ("prompts", "others")
    )
    prompts = wanted.prompts[: config.pictures]
    others = ordinary.prompts[: config.pictures]
    context.progress(0, len(WAYS))
    whole = watch_column(pipeline, [*prompts, *others], name, config.column, config.seed)
    pictures = [whole.pictures[: len(prompts)]]
    another = other_column(config.column, width, config.seed)
    for done, column in enumerate((config.column, another), start=1):
        context.progress(done, len(WAYS))
        cut = prune(pipeline, site, column_mask(weights, name, column))
        pictures.append(sample(pipeline, prompts, seed=config.seed, count=STEPS, cut=cut).numpy())
    fields = {
        "pictures": Field(np.stack(pictures), ("way", "prompt", "height", "width", "channel")),
        "activity": Field(whole.activity, ("half", "prompt", "step", "row", "column")),
        "change": Field(_changes(pictures), ("way", "prompt")),
    }
    if wanted.targets is not None:
        targets = wanted.targets[: len(prompts)]
        fields["targets"] = Field(targets, ("prompt", "height", "width", "channel"))
        similar = np.stack([copying.ssim(made, targets) for made in pictures])
        fields["ssim"] = Field(similar, ("way", "prompt"))
    return Result(
        fields=fields,
        metrics={
            "column": config.column,
            "another": another,
            "weights_cut": int(column_mask(weights, name, config.column)[name].sum()),
            "weights": sum(int(layer.weight.numel()) for layer in weights.values()),
            "pictures": len(prompts),
            "extracted_from": copying.EXTRACTED,
        },
        notes={
            "model": pipeline.name,
            "layer": name,
            "layer_name": short_name(name),
            "prompts": list(prompts),
            "others": list(others),
            "set": config.prompts,
            "set_of_others": config.others,
            "ways": list(WAYS),
            "seed": config.seed,
        },
    )


@dataclass(frozen=True, eq=False)
class Watched:
    """Pictures uint8 (n, height, width, 3), activity (halves, n, steps, rows, columns)."""

    pictures: np.ndarray
    activity: np.ndarray


def watch_column(
    pipeline: Pipeline, prompts: Sequence[str], layer: str, column: int, seed: int
) -> Watched:
    """Sample ``prompts`` and keep one input channel of a layer at every step and place."""
    seen: list[Tensor] = []

    def keep(inputs: Tensor) -> None:
        rows = channels(inputs)  # n places channels
        length = rows.square().sum(-1).clamp(min=SMALLEST).sqrt()
        seen.append(rows[..., column] / length)

    latents = first_noise(pipeline, len(prompts), seed)
    states = pipeline.encode([*[""] * len(prompts), *prompts])
    for step in steps(pipeline, states, latents, count=STEPS, taps=lambda _: {layer: keep}):
        latents = step.following
    activity = torch.stack(seen, 1).unflatten(0, (2, len(prompts)))  # halves n steps places
    side = isqrt(activity.shape[-1])
    if side * side != activity.shape[-1]:
        raise BadInput("site", "the places of this layer's input are no square picture")
    return Watched(pipeline.decode(latents).numpy(), activity.unflatten(-1, (side, side)).numpy())


def column_mask(weights: dict[str, nn.Module], layer: str, column: int) -> dict[str, Tensor]:
    """All weights of a layer that take one input channel."""
    mask = torch.zeros(weights[layer].weight.shape, dtype=torch.bool)
    mask[:, column] = True
    return {layer: mask}


def other_column(column: int, width: int, seed: int) -> int:
    """Another column of as many, drawn at random; the same one where there is no other."""
    if width < 2:
        return column
    drawn = int(rng(seed, "another column", column).integers(width - 1))
    return drawn + (drawn >= column)


def _changes(pictures: Sequence[np.ndarray]) -> np.ndarray:
    first = pictures[0] / 255.0
    return np.stack([np.sqrt(np.square(made / 255.0 - first).mean((1, 2, 3))) for made in pictures])
