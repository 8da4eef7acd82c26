"""Sampling with classifier-free guidance, step by step, so that both predictions can be seen."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from engine.core import BadInput
from engine.labs.diffusion.model.attention import Attention
from engine.labs.diffusion.model.pipeline import Pipeline, Tap, Weights

STEPS, GUIDANCE = 20, 2.0
MOST_STEPS = 1000


Schedule = Callable[[int, int, Tensor], float | Tensor]
"""Guidance of a step from its index, its time step and the score (n,) of both predictions."""


@dataclass(frozen=True)
class Cut:
    """Weights that replace a pipeline's own, by network and parameter name; none by default."""

    unet: Weights = field(default_factory=dict)
    text: Weights = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a sampling of n pictures; tensors are (n, channels, height, width).

    ``plain`` and ``prompted`` are the clean pictures that the U-Net predicts without and with the
    prompt, ``latents`` what it was given, ``following`` what the scheduler made of it.
    """

    index: int
    timestep: int
    alpha: float
    latents: Tensor
    plain: Tensor
    prompted: Tensor
    preview: Tensor
    following: Tensor

    def noise(self, picture: Tensor) -> Tensor:
        """The noise that a predicted clean picture means."""
        return (self.latents - self.alpha**0.5 * picture) / (1 - self.alpha) ** 0.5

    @property
    def score(self) -> Tensor:
        """Wen et al. 2024: the norm of the difference of both noise predictions, (n,)."""
        return (self.noise(self.prompted) - self.noise(self.plain)).flatten(1).norm(dim=1)


def first_noise(pipeline: Pipeline, count: int, seed: int) -> Tensor:
    """The noise that ``count`` pictures start from, (count, channels, height, width).

    Each place in the list has its own noise; the first is what diffusers draws for this seed.
    """
    shape = (1, *pipeline.latent_shape)
    return torch.cat(
        [
            torch.randn(shape, generator=torch.Generator().manual_seed(seed + 1_000_003 * place))
            for place in range(count)
        ]
    )


def steps(
    pipeline: Pipeline,
    states: Tensor,
    noise: Tensor,
    *,
    count: int = STEPS,
    guidance: float | Schedule = GUIDANCE,
    cut: Cut | None = None,
    taps: Callable[[int], Mapping[str, Tap]] | None = None,
    attention: Callable[[int], Attention | None] | None = None,
) -> Iterator[Step]:
    """Denoise ``noise`` (n, channels, height, width) by DDIM (Song et al. 2021) in ``count`` steps.

    ``states`` (2 n, length, width) are the text encoder's for the empty prompt, then for the
    prompts. ``taps`` names the probes of a step and ``attention`` what is done with its
    cross-attention; they see both halves in that order. Raises BadInput for more steps than the
    schedule has, and where the pictures become NaN or infinite.
    """
    schedule = pipeline.scheduler.config
    # Leading steps are moved by the offset, the noisiest must still be one that was trained.
    moved = schedule["steps_offset"] if schedule["timestep_spacing"] == "leading" else 0
    most = min(MOST_STEPS, schedule["num_train_timesteps"] - moved)
    if not 1 <= count <= most:
        raise BadInput("steps", f"must be from 1 to {most} (got {count})")
    scheduler = copy.deepcopy(pipeline.scheduler)
    scheduler.set_timesteps(count)
    latents = noise * scheduler.init_noise_sigma
    weights = cut.unet if cut else None
    for index, time in enumerate(scheduler.timesteps.tolist()):
        probes = taps(index) if taps else None
        alpha = pipeline.alpha(time)
        with torch.no_grad():
            doubled = torch.cat([latents, latents])
            opened = attention(index) if attention else None
            both = pipeline.predict(doubled, time, states, weights, probes, opened)
            plain, prompted = both.chunk(2)
            seen = Step(
                index=index,
                timestep=time,
                alpha=alpha,
                latents=latents,
                plain=clean_picture(pipeline, plain, latents, alpha),
                prompted=clean_picture(pipeline, prompted, latents, alpha),
                preview=latents,
                following=latents,
            )
            strength = guidance(index, time, seen.score) if callable(guidance) else guidance
            if isinstance(strength, Tensor):
                strength = strength.view(-1, 1, 1, 1)
            guided = plain + strength * (prompted - plain)
            after = scheduler.step(guided, time, latents)
            _check_finite(after.prev_sample)
        yield replace(seen, preview=after.pred_original_sample, following=after.prev_sample)
        latents = after.prev_sample


def _check_finite(values: Tensor) -> None:
    """Raise BadInput for NaN or infinity, of which black pictures would be made."""
    if not values.isfinite().all():
        raise BadInput("model", "its pictures become NaN or infinite; they must be finite")


def clean_picture(pipeline: Pipeline, output: Tensor, latents: Tensor, alpha: float) -> Tensor:
    """The clean picture that the U-Net's output stands for (Salimans and Ho 2022, appendix D)."""
    if pipeline.prediction == "sample":
        return output
    if pipeline.prediction == "epsilon":
        return (latents - (1 - alpha) ** 0.5 * output) / alpha**0.5
    return alpha**0.5 * latents - (1 - alpha) ** 0.5 * output


def sample(
    pipeline: Pipeline,
    prompts: Sequence[str],
    *,
    seed: int = 0,
    count: int = STEPS,
    guidance: float | Schedule = GUIDANCE,
    cut: Cut | None = None,
    attention: Callable[[int], Attention | None] | None = None,
    watch: Callable[[Step], None] | None = None,
    batch: int = 16,
) -> Tensor:
    """A picture for each prompt, uint8 (prompts, height, width, 3).

    ``watch`` sees every step of every batch. Raises BadInput for an empty list.
    """
    if not prompts:
        raise BadInput("prompts", "at least one prompt is needed")
    weights = cut.text if cut else None
    states = pipeline.encode(prompts, weights)
    return sample_states(
        pipeline,
        states,
        seed=seed,
        count=count,
        guidance=guidance,
        cut=cut,
        attention=attention,
        watch=watch,
        batch=batch,
    )


def sample_states(
    pipeline: Pipeline,
    states: Tensor,
    *,
    seed: int = 0,
    count: int = STEPS,
    guidance: float | Schedule = GUIDANCE,
    cut: Cut | None = None,
    attention: Callable[[int], Attention | None] | None = None,
    watch: Callable[[Step], None] | None = None,
    batch: int = 16,
    noise: Tensor | None = None,
) -> Tensor:
    """``sample`` for states (n, length, width) in the place of prompts.

    ``noise`` (n, channels, height, width) in the place of what ``seed`` gives.
    """
    noise = first_noise(pipeline, len(states), seed) if noise is None else noise
    empty = pipeline.encode([""], cut.text if cut else None)
    pictures = []
    for start in range(0, len(states), batch):
        part = states[start : start + batch]
        latents = noise[start : start + batch]
        doubled = torch.cat([empty.expand(len(part), -1, -1), part])
        for step in steps(
            pipeline, doubled, latents,
            count=count, guidance=guidance, cut=cut, attention=attention,
        ):  # fmt: skip
            latents = step.following
            if watch is not None:
                watch(step)
        pictures.append(pipeline.decode(latents))
    return torch.cat(pictures)
