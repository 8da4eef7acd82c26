"""Where each word of a prompt is looked at: cross-attention by step, layer and token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.core import BadInput
from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.diffusion import copying
from engine.labs.diffusion.asked import asked_pipeline
from engine.labs.diffusion.config.tokens import TokensConfig
from engine.labs.diffusion.detect.entropy import entropy
from engine.labs.diffusion.evaluation import training_pictures
from engine.labs.diffusion.layer_names import in_running_order, layer_label
from engine.labs.diffusion.model.attention import Attention, cross_layers
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.prompts import find_prompts, know_prompts
from engine.labs.diffusion.sampler import first_noise, steps

GRID = 8
"""Maps are kept with 8 x 8 places: larger layers are averaged, smaller ones repeated."""
REFERENCES, NEAREST = 8, 6
PADDING = "padding"


def run(config: TokensConfig, context: Context) -> Result:
    """Sample one prompt and keep its attention, conditional half, averaged over heads.

    "map" (step, layer, row, column, token): the share of a place's attention, over tokens 1; all
    tokens behind the end of the prompt are one, "padding". "entropy" (step, layer) is Ren et al.
    2024, over all tokens, "reference" (title, step, layer) that of never-trained titles. "nearest"
    (neighbour, row, column, channel) are the training pictures nearest to "picture".
    """
    pipeline = asked_pipeline(config)
    layers = in_running_order(cross_layers(pipeline.unet))
    made = look(pipeline, [config.prompt], config, layers, context, keep=True)
    names, count = _tokens(pipeline, config.prompt)
    maps = np.concatenate(
        [made.maps[..., :count], made.maps[..., count:].sum(-1, keepdims=True)], axis=-1
    )
    fields = {
        "map": Field(maps.astype(np.float16), ("step", "layer", "row", "column", "token")),
        "entropy": Field(made.entropy[0].astype(np.float32), ("step", "layer")),
        "picture": Field(made.pictures[0], ("height", "width", "channel")),
    }
    if made.previews.size:
        fields["preview"] = Field(made.previews, ("step", "height", "width", "channel"))
    notes: dict[str, Any] = {
        "model": pipeline.name,
        "prompt": config.prompt,
        "tokens": names,
        "layers": [layer_label(name) for name in layers],
        "unknown": _unknown(pipeline, config.prompt),
    }
    metrics: dict[str, float | None] = {"steps": config.steps, "grid": GRID}
    if pipeline.data_seed is not None:
        told = _evidence(pipeline, config.prompt, made.pictures)
        fields |= told[0]
        metrics |= told[1]
        notes |= told[2]
        titles = [t for t in find_prompts(pipeline, "unseen").prompts if t != config.prompt]
        beside = look(pipeline, titles[:REFERENCES], config, layers, context, keep=False)
        fields["reference"] = Field(beside.entropy.astype(np.float32), ("title", "step", "layer"))
    return Result(fields, metrics, notes)


@dataclass(frozen=True, eq=False)
class Seen:
    """What one sampling of n prompts showed.

    ``entropy`` (n, steps, layers); ``maps`` (steps, layers, grid, grid, tokens) of the first
    prompt; ``pictures`` (n, height, width, 3); ``previews`` (steps, height, width, 3).
    """

    entropy: np.ndarray
    maps: np.ndarray
    pictures: np.ndarray
    previews: np.ndarray


def look(
    pipeline: Pipeline,
    prompts: Sequence[str],
    config: TokensConfig,
    layers: Sequence[str],
    context: Context,
    *,
    keep: bool,
) -> Seen:
    """Sample ``prompts`` with open attention; ``keep`` asks for maps and previews as well."""
    states = torch.cat([pipeline.encode([""]).expand(len(prompts), -1, -1),
                        pipeline.encode(prompts)])  # fmt: skip
    place = {name: at for at, name in enumerate(layers)}
    entropies = np.zeros((len(prompts), config.steps, len(layers)))
    kept = config.steps if keep else 0
    maps = np.zeros((kept, len(layers), GRID, GRID, states.shape[1]), np.float32)
    previews: list[Tensor] = []

    def open_step(index: int) -> Attention:
        def see(name: str, shares: Tensor) -> None:
            mean = shares[len(prompts) :].mean(1)  # n queries tokens
            entropies[:, index, place[name]] = entropy(mean.mean(1).double()).numpy()
            if keep:
                maps[index, place[name]] = on_grid(mean[0]).numpy()

        return Attention(see=see)

    noise = first_noise(pipeline, len(prompts), config.seed)
    latents = noise
    for step in steps(
        pipeline, states, noise, count=config.steps, guidance=config.guidance, attention=open_step
    ):
        context.progress(step.index, config.steps)
        latents = step.following
        if keep and pipeline.vae is None:
            previews.append(pipeline.decode(step.preview[:1])[0])
    shown = torch.stack(previews).numpy() if previews else np.zeros((0, 0, 0, 3), np.uint8)
    return Seen(entropies, maps, pipeline.decode(latents).numpy(), shown)


def on_grid(attention: Tensor) -> Tensor:
    """Attention (places, tokens) of a square layer as (8, 8, tokens)."""
    side = math.isqrt(len(attention))
    if side * side != len(attention):
        raise BadInput("model", f"its attention has {len(attention)} places, which is no square")
    square = attention.T.reshape(1, -1, side, side)
    if side > GRID:
        square = torch.nn.functional.adaptive_avg_pool2d(square, GRID)
    else:
        square = torch.nn.functional.interpolate(square, (GRID, GRID), mode="nearest")
    return square[0].permute(1, 2, 0)


def _tokens(pipeline: Pipeline, prompt: str) -> tuple[list[str], int]:
    """The prompt's tokens up to the first end token and "padding"; how many before padding."""
    ids = pipeline.tokens([prompt])[0].tolist()
    pieces = [str(piece) for piece in pipeline.tokenizer.convert_ids_to_tokens(ids)]
    end = pipeline.tokenizer.eos_token_id
    count = ids.index(end) + 1 if end in ids else len(ids)
    return [*pieces[:count], PADDING], count


def _unknown(pipeline: Pipeline, prompt: str) -> list[str]:
    """Words that the tokenizer has no piece for."""
    tokenizer = pipeline.tokenizer
    if tokenizer.unk_token_id is None or tokenizer.unk_token_id == tokenizer.eos_token_id:
        return []
    words = prompt.split()
    missing = [tokenizer.unk_token_id in tokenizer(word)["input_ids"] for word in words]
    return [word for word, absent in zip(words, missing, strict=True) if absent]


def _evidence(
    pipeline: Pipeline, prompt: str, pictures: np.ndarray
) -> tuple[dict[str, Field], dict[str, float | None], dict[str, Any]]:
    """The nearest training pictures of the sampled one, and its own where the prompt has one."""
    assert pipeline.data_seed is not None
    data, training = build_collection(pipeline.data_seed), training_pictures(pipeline.data_seed)
    at, distance = training.closest(pictures[:1], NEAREST)
    near = data.images[at[0]]
    fields = {
        "nearest": Field(near, ("neighbour", "height", "width", "channel")),
        "distance": Field(distance[0].astype(np.float32), ("neighbour",)),
        "near_ssim": Field(
            copying.ssim(near, np.broadcast_to(pictures[0], near.shape)).astype(np.float32),
            ("neighbour",),
        ),
    }
    metrics: dict[str, float | None] = {
        "ratio": float(training.neighbours(pictures[:1]).ratio[0]),
        "ssim": None,
        "copies": 0,
    }
    times = data.copies if pipeline.copies else np.ones_like(data.copies)
    known = know_prompts(pipeline, "prompt", (prompt,))
    if known.targets is not None:
        fields["target"] = Field(known.targets[0], ("height", "width", "channel"))
        metrics["ssim"] = float(copying.ssim(pictures[:1], known.targets)[0])
        metrics["copies"] = int(times[known.positions[0]])
    notes = {
        "near_captions": [data.captions[i] for i in at[0]],
        "near_copies": [int(times[i]) for i in at[0]],
    }
    return fields, metrics, notes
