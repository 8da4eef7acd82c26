"""Fill in a part of pictures whose rest is given, by DDIM.

Before every step the given part is put back with that step's share of noise (Lugmayr et al. 2022,
equation 8, without their resampling), so that only the rest is the model's.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from engine.core import BadInput
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import GUIDANCE, STEPS, first_noise


@torch.no_grad()
def outpaint(
    pipeline: Pipeline,
    prompts: Sequence[str],
    given: Tensor,
    known: Tensor,
    *,
    seed: int = 0,
    count: int = STEPS,
    guidance: float = GUIDANCE,
) -> Tensor:
    """Pictures uint8 (n, height, width, 3) that keep ``given`` where ``known`` is True.

    ``given`` uint8 (n, height, width, 3), ``known`` bool (height, width) in whole patches. Raises
    BadInput for a part that cuts through a patch and for lengths that differ.
    """
    if len(prompts) != len(given):
        raise BadInput("prompts", f"{len(given)} pictures need as many (got {len(prompts)})")
    inside = known_patches(pipeline, known)
    scheduler = copy.deepcopy(pipeline.scheduler)
    scheduler.set_timesteps(count)
    clean = pipeline.to_latents(given)
    noise = first_noise(pipeline, len(prompts), seed)
    states = pipeline.encode([*[""] * len(prompts), *prompts])
    latents = noise * scheduler.init_noise_sigma
    for time in scheduler.timesteps.tolist():
        alpha = pipeline.alpha(time)
        latents = torch.where(inside, alpha**0.5 * clean + (1 - alpha) ** 0.5 * noise, latents)
        both = pipeline.predict(torch.cat([latents, latents]), time, states)
        plain, prompted = both.chunk(2)
        output = plain + guidance * (prompted - plain)
        latents = scheduler.step(output, time, latents).prev_sample
    return pipeline.decode(torch.where(inside, clean, latents))


def known_patches(pipeline: Pipeline, known: Tensor) -> Tensor:
    """Which patches are given, bool (rows, columns); raises BadInput where one is so in part."""
    if not pipeline.patch:
        raise BadInput("model", "only models that see patches of pixels are filled in here")
    rows = known.unflatten(0, (-1, pipeline.patch)).unflatten(2, (-1, pipeline.patch))
    whole, some = rows.all(3).all(1), rows.any(3).any(1)
    if not torch.equal(whole, some):
        raise BadInput("known", f"must be whole patches of {pipeline.patch} pixels")
    return whole
