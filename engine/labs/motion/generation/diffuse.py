"""Denoising by diffusers' DDIM with classifier-free guidance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.labs.motion.data.sampler import LONGEST
from engine.labs.motion.features import WIDTH
from engine.labs.motion.generation.noise import generators, normal
from engine.labs.motion.models.denoiser import Denoiser, build_scheduler

STEPS, GUIDANCE = 20, 2.5


@dataclass(frozen=True, eq=False)
class Step:
    """What is known at a step: the noisy rows, and the clean rows with and without the caption."""

    number: int
    noisy: Tensor
    guided: Tensor
    free: Tensor


@torch.inference_mode()
def denoise(
    network: Denoiser,
    ids: Tensor,
    lengths: Tensor,
    seeds: Sequence[int],
    *,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
    watch: Callable[[Step], None] | None = None,
) -> Tensor:
    """Normalised rows (clips, rows, 137) for captions ``ids`` (clips, words).

    ``lengths`` (clips,) in rows; ``seeds`` has one for each clip. ``guidance`` 1 uses the caption
    as it is; above, the difference to no caption is added that many times. Raises nothing.
    """
    # Noise is drawn at full length: a longer clip with the same seed begins with the same noise.
    rows = normal(generators(seeds), LONGEST, WIDTH)[:, : int(lengths.max())]
    scheduler = build_scheduler("ddim")
    scheduler.set_timesteps(steps)
    text, none = network.text(ids), network.text.none(len(ids))
    for number, step in enumerate(scheduler.timesteps):
        at = step.expand(len(ids))
        both = network(
            rows.repeat(2, 1, 1), at.repeat(2), torch.cat([text, none]), lengths.repeat(2)
        )
        guided, free = both.chunk(2)
        clean = free + guidance * (guided - free)
        if watch is not None:
            watch(Step(number, rows, clean, free))
        rows = scheduler.step(clean, step, rows).prev_sample
    return rows
