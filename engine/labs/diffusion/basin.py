"""The recall basin: how far a prompt may be led away before its picture is lost."""

from __future__ import annotations

import numpy as np
import torch

from engine.core import BadInput
from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.diffusion import copying
from engine.labs.diffusion.asked import asked_pipeline
from engine.labs.diffusion.config.ladder import BasinConfig
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.prompts import know_prompts
from engine.labs.diffusion.sampler import first_noise, sample_states

WAYS = (("copied", "scene"), ("copied", "other"), ("control", "scene"))
"""Fields of the config that each way leads from and to."""


def run(config: BasinConfig, context: Context) -> Result:
    """Sample prompts on straight lines between the text encoder's states of two captions.

    All pictures of a seed start from the same noise. "start" and "end" (way, seed, point) are the
    SSIM to the pictures of the way's two ends from that noise; "target" (way, seed, point) is that
    to the training picture of the first caption, NaN where it has none; "picture" (way, point,
    row, column, channel) are those of the first seed.
    """
    pipeline = asked_pipeline(config)
    captions = [(getattr(config, first), getattr(config, last)) for first, last in WAYS]
    for first, last in WAYS:
        if getattr(config, first) == getattr(config, last):
            raise BadInput(last, "must be another caption than the one that the way starts from")
    shares = torch.linspace(0, 1, config.points)
    made = np.stack([_way(pipeline, config, *pair, shares, way, context)
                     for way, pair in enumerate(captions)])  # fmt: skip
    flat = made.reshape(-1, *made.shape[3:])

    def beside(others: np.ndarray) -> np.ndarray:
        every = np.broadcast_to(others, made.shape).reshape(flat.shape)
        return copying.ssim(flat, every).reshape(made.shape[:3]).astype(np.float32)

    known = [know_prompts(pipeline, first, (first,)) for first, _ in captions]
    target = np.full(made.shape[:3], np.nan, np.float32)
    for way, one in enumerate(known):
        if one.targets is not None:
            target[way] = beside(one.targets[None, None])[way]
    axes = ("way", "seed", "point")
    return Result(
        {
            "share": Field(shares.numpy(), ("point",)),
            "picture": Field(made[:, 0], ("way", "point", "row", "column", "channel")),
            "start": Field(beside(made[:, :, :1]), axes),
            "end": Field(beside(made[:, :, -1:]), axes),
            "target": Field(target, axes),
        },
        {"seeds": config.seeds, "points": config.points, "extracted_over": copying.EXTRACTED},
        {
            "model": pipeline.name,
            "ways": captions,
            "copies": [_copies(pipeline, int(one.positions[0])) for one in known],
        },
    )


def _way(
    pipeline: Pipeline,
    config: BasinConfig,
    first: str,
    last: str,
    shares: torch.Tensor,
    way: int,
    context: Context,
) -> np.ndarray:
    """Pictures (seed, point, height, width, 3) from one caption to another."""
    states = pipeline.encode([first, last])
    between = torch.lerp(states[:1], states[1:], shares.view(-1, 1, 1))
    found = []
    for at in range(config.seeds):
        context.progress(way * config.seeds + at, len(WAYS) * config.seeds)
        noise = first_noise(pipeline, 1, config.seed + at).expand(len(between), -1, -1, -1)
        found.append(sample_states(pipeline, between, noise=noise).numpy())
    return np.stack(found)


def _copies(pipeline: Pipeline, position: int) -> int | None:
    """How often a caption's picture was trained on: 0 for never, None where that is not known."""
    if pipeline.data_seed is None:
        return None
    if position < 0:
        return 0
    return int(build_collection(pipeline.data_seed).copies[position]) if pipeline.copies else 1
