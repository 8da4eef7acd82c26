"""The search for an embedding that brings a picture back, and the controls that belong to it.

After Kowalczuk et al. 2025 (DoRI): if a cut model can still be led to a training picture in a few
steps, while it cannot be led to a picture that it never saw, the picture was hidden, not removed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.core import BadInput
from engine.labs.diffusion import copying
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.prompts import PromptSet
from engine.labs.diffusion.sampler import Cut, sample, sample_states

STEPS, RATE, BATCH = 50, 0.1, 8
MOST_STEPS = 1000
LEAST_VARIANCE = 0.05
"""As in the embedded models' training: the loss weighs a step by 1 / max(variance, this)."""
# Pictures that are searched for at once, each on its own.
TOGETHER = 4
Progress = Callable[[int, int], None]
Watch = Callable[[int, Tensor, Tensor], None]
"""Is given the steps done, the states (n, length, width) after them, and their losses (n,)."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """One search for every target picture.

    ``before`` and ``after`` uint8 (n, height, width, 3) are sampled from the prompt and from the
    found embedding, with the same seed. ``losses`` (n, steps).
    """

    before: np.ndarray
    after: np.ndarray
    targets: np.ndarray
    losses: np.ndarray

    def summary(self) -> dict[str, dict[str, float]]:
        """Mean SSIM to the targets and share extracted, before and after."""
        found = {}
        for name, pictures in (("before", self.before), ("after", self.after)):
            values = copying.ssim(pictures, self.targets)
            found[name] = {
                "ssim": float(values.mean()),
                "extracted": float(copying.extracted(values).mean()),
            }
        return found


def attack(
    pipeline: Pipeline,
    wanted: PromptSet,
    cut: Cut | None = None,
    *,
    pictures: int = BATCH,
    count: int = STEPS,
    rate: float = RATE,
    batch: int = BATCH,
    seed: int = 0,
    sample_seed: int = 100,
    progress: Progress | None = None,
) -> Outcome:
    """Search from each prompt's embedding for one that yields its target picture.

    Adam for ``count`` steps; each draws ``batch`` new noises and time steps per picture. Raises
    BadInput for prompts without targets and for numbers out of range.
    """
    if wanted.targets is None:
        raise BadInput("set", f"{wanted.name} has no target pictures to search for")
    if not 1 <= count <= MOST_STEPS:
        raise BadInput("steps", f"must be from 1 to {MOST_STEPS} (got {count})")
    if not 1 <= pictures <= len(wanted.prompts):
        raise BadInput("pictures", f"must be from 1 to {len(wanted.prompts)} (got {pictures})")
    prompts, targets = wanted.prompts[:pictures], wanted.targets[:pictures]
    text = cut.text if cut else None
    start = pipeline.encode(prompts, text)
    clean = pipeline.to_latents(torch.from_numpy(targets))
    found, losses = [], []
    for first in range(0, pictures, TOGETHER):
        part = slice(first, first + TOGETHER)

        def tell(step: int, first: int = first) -> None:
            if progress is not None:
                progress(first * count + step * min(TOGETHER, pictures - first), pictures * count)

        states, curve = search(
            pipeline, start[part], clean[part], cut,
            count=count, rate=rate, batch=batch, seed=seed + first, tell=tell,
        )  # fmt: skip
        found.append(states)
        losses.append(curve)
    return Outcome(
        before=sample(pipeline, prompts, seed=sample_seed, cut=cut).numpy(),
        after=sample_states(pipeline, torch.cat(found), seed=sample_seed, cut=cut).numpy(),
        targets=targets,
        losses=np.concatenate(losses),
    )


def search(
    pipeline: Pipeline,
    start: Tensor,
    clean: Tensor,
    cut: Cut | None,
    *,
    count: int,
    rate: float,
    batch: int,
    seed: int,
    tell: Callable[[int], None] = lambda step: None,
    watch: Watch | None = None,
) -> tuple[Tensor, np.ndarray]:
    """The embeddings (n, length, width) found from ``start``, and their losses (n, steps).

    The pictures do not influence each other: their losses add up and Adam treats every number
    alone.
    """
    states = start.clone().requires_grad_(True)
    optimiser = torch.optim.Adam([states], lr=rate)
    draw = torch.Generator().manual_seed(seed)
    curve = []
    for step in range(count):
        tell(step)
        loss = denoising_loss(pipeline, clean, states, cut, batch=batch, draw=draw)  # n
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        curve.append(loss.detach())
        if watch is not None:
            watch(step + 1, states.detach().clone(), loss.detach())
    return states.detach(), torch.stack(curve, dim=1).numpy()


def denoising_loss(
    pipeline: Pipeline,
    clean: Tensor,
    states: Tensor,
    cut: Cut | None,
    *,
    batch: int,
    draw: torch.Generator,
) -> Tensor:
    """The training loss of pictures ``clean`` (n, channels, height, width), each (n,).

    The mean over ``batch`` noises and time steps.
    """
    alphas = pipeline.scheduler.alphas_cumprod
    clean = clean.repeat_interleave(batch, dim=0)
    noise = torch.randn(clean.shape, generator=draw)
    times = torch.randint(len(alphas), (len(clean),), generator=draw)
    kept = alphas[times].view(-1, 1, 1, 1)
    noisy = kept.sqrt() * clean + (1 - kept).sqrt() * noise
    output = pipeline.predict(
        noisy, times, states.repeat_interleave(batch, dim=0), cut.unet if cut else None
    )
    if pipeline.prediction == "sample":
        weight = 1 / (1 - kept).clamp(min=LEAST_VARIANCE)
        error = weight * (output - clean) ** 2
    elif pipeline.prediction == "epsilon":
        error = (output - noise) ** 2
    else:
        error = (output - (kept.sqrt() * noise - (1 - kept).sqrt() * clean)) ** 2
    return error.flatten(1).mean(1).view(-1, batch).mean(1)
