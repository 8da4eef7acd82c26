"""What a method changes about one sampling, and the sampling with it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.labs.diffusion.model.attention import Attention
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import GUIDANCE, STEPS, Cut, Schedule, sample_states


@dataclass(frozen=True, eq=False)
class Treatment:
    """The prompts as they are sampled.

    ``states`` (n, length, width) stand in the place of the prompts', ``texts`` are the prompts that
    were encoded, if they are others than those that were asked for.
    """

    states: Tensor
    texts: tuple[str, ...]
    guidance: float | Schedule = GUIDANCE
    cut: Cut | None = None
    attention: Callable[[int], Attention | None] | None = None


def encoded(pipeline: Pipeline, texts: tuple[str, ...]) -> Treatment:
    """The prompts as they stand."""
    return Treatment(pipeline.encode(texts), texts)


def sample_treated(
    pipeline: Pipeline, treatment: Treatment, *, seed: int, count: int = STEPS
) -> Tensor:
    """Pictures uint8 (n, height, width, 3), from the noise that plain sampling starts from."""
    # One batch: what a method knows about its prompts goes by their places in the batch.
    return sample_states(
        pipeline,
        treatment.states,
        seed=seed,
        count=count,
        guidance=treatment.guidance,
        cut=treatment.cut,
        attention=treatment.attention,
        batch=len(treatment.states),
    )


def first_time(pipeline: Pipeline, count: int) -> int:
    """The time step of the first of ``count`` steps."""
    scheduler = copy.deepcopy(pipeline.scheduler)
    scheduler.set_timesteps(count)
    return int(scheduler.timesteps[0])


def generator(*numbers: int) -> torch.Generator:
    """Random numbers that belong to these numbers."""
    mixed = 0
    for number in numbers:
        mixed = (mixed * 1_000_003 + number) % 2**63
    return torch.Generator().manual_seed(mixed)
