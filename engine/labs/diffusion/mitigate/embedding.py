"""Changes of the text encoder's states: noise, and steps that lower the first score."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.core import BadInput
from engine.labs.diffusion.mitigate.treatment import first_time, generator
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import STEPS, clean_picture


def add_noise(states: Tensor, amount: float, seed: int) -> Tensor:
    """States with Gaussian noise of standard deviation ``amount`` (Somepalli et al. 2023)."""
    if not 0 <= amount <= 100:
        raise BadInput("noise", f"must be from 0 to 100 (got {amount:g})")
    return states + amount * torch.randn(states.shape, generator=generator(seed, 1))


@dataclass(frozen=True, eq=False)
class Moved:
    """States (n, length, width) after the steps; scores (n,) before and after, steps taken (n,)."""

    states: Tensor
    before: Tensor
    after: Tensor
    taken: Tensor


def first_scores(pipeline: Pipeline, states: Tensor, noise: Tensor, count: int = STEPS) -> Tensor:
    """The score of Wen et al. 2024 at the first of ``count`` steps, (n,)."""
    empty = pipeline.encode([""]).expand(len(states), -1, -1)
    with torch.no_grad():
        plain = _clean(pipeline, empty, noise, count)
        return _score(pipeline, _clean(pipeline, states, noise, count) - plain, count)


def move(
    pipeline: Pipeline,
    states: Tensor,
    noise: Tensor,
    *,
    target: float,
    rate: float = 0.05,
    iterations: int = 10,
    count: int = STEPS,
) -> Moved:
    """Lower each first-step score to ``target`` (Wen et al. 2024, inference-time mitigation).

    AdamW on the conditional states, the start token's left as it is; a prompt stops where its score
    reaches the target, all stop after ``iterations``. Prompts do not influence each other.
    """
    if not 1 <= iterations <= 100:
        raise BadInput("iterations", f"must be from 1 to 100 (got {iterations})")
    empty = pipeline.encode([""]).expand(len(states), -1, -1)
    with torch.no_grad():
        plain = _clean(pipeline, empty, noise, count)
    start, moved = states[:, :1], states[:, 1:].clone().requires_grad_(True)
    optimiser = torch.optim.AdamW([moved], lr=rate)
    final, taken = states.clone(), torch.zeros(len(states), dtype=torch.int64)
    running = torch.ones(len(states), dtype=torch.bool)
    first = last = torch.zeros(len(states))
    for step in range(iterations + 1):
        whole = torch.cat([start, moved], dim=1)
        score = _score(pipeline, _clean(pipeline, whole, noise, count) - plain, count)  # n
        now = score.detach()
        first = now if step == 0 else first
        last = now if step == 0 else torch.where(running, now, last)
        final[running] = whole.detach()[running]
        taken[running] = step
        running &= now > target
        if step == iterations or not running.any():
            break
        optimiser.zero_grad()
        # In units of the target: a first step's noise holds so little of the picture that plain
        # gradients would vanish beside Adam's epsilon.
        (score / target).sum().backward()
        optimiser.step()
    return Moved(final, first, last, taken)


def _clean(pipeline: Pipeline, states: Tensor, noise: Tensor, count: int) -> Tensor:
    """The clean picture that is predicted from pure noise."""
    time = first_time(pipeline, count)
    latents = noise * pipeline.scheduler.init_noise_sigma
    output = pipeline.predict(latents, time, states)
    return clean_picture(pipeline, output, latents, pipeline.alpha(time))


def _score(pipeline: Pipeline, difference: Tensor, count: int) -> Tensor:
    """The norm of a difference of noise predictions from that of the clean pictures, (n,)."""
    alpha = pipeline.alpha(first_time(pipeline, count))
    return (alpha / (1 - alpha)) ** 0.5 * difference.flatten(1).norm(dim=1)
