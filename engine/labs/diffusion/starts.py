"""Is the memory of a picture one place? Searches from many starts, and the weights each points to.

After the locality tests of Kowalczuk et al. 2025 (DoRI), on the unpruned model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from engine.core import Field, Result
from engine.core.context import Context
from engine.labs.diffusion import copying
from engine.labs.diffusion.asked import asked_pipeline
from engine.labs.diffusion.attack import BATCH, RATE, TOGETHER, search
from engine.labs.diffusion.config import StartsConfig
from engine.labs.diffusion.honesty import FIRST_SEED, PICTURE, targets_of
from engine.labs.diffusion.locate import masks as masking
from engine.labs.diffusion.locate.masks import Masks
from engine.labs.diffusion.locate.sites import find_site, layers
from engine.labs.diffusion.locate.statistics import Statistics, channel_squares
from engine.labs.diffusion.model.pipeline import Pipeline, Tap
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.sampler import first_noise, sample_states, steps

SITE = "ff_out"
CASES = ("copied", "never seen")
GROUPS = ("copied, random starts", "never seen, random starts", "prompts of the set")
"""Whose masks are compared: the third is what different copied pictures share."""


def starts(config: StartsConfig, context: Context) -> Result:
    """Where searches from random starts end, and how far the masks that they point to agree."""
    pipeline = asked_pipeline(config)
    copied = find_prompts(pipeline, config.searched, field="searched")
    never = find_prompts(pipeline, "unseen", field="searched")
    shape = pipeline.encode([""]).shape[1:]
    draw = torch.Generator().manual_seed(config.search_seed)
    begun = torch.randn(config.starts, *shape, generator=draw)
    found, pictures, targets = [], [], []
    for case, prompts in enumerate((copied, never)):
        target = targets_of(prompts)[config.which]
        states = []
        for first in range(0, config.starts, TOGETHER):
            part = begun[first : first + TOGETHER]

            def watch(
                step: int, states: Tensor, loss: Tensor, case: int = case, first: int = first
            ) -> None:
                done = case * config.starts + first + len(states) * step / config.search_steps
                name = f"loss_{CASES[case].replace(' ', '_')}"
                context.progress(done, 2 * config.starts, **{name: float(loss.mean())})

            clean = pipeline.to_latents(torch.from_numpy(target[None])).expand(
                len(part), *pipeline.latent_shape
            )
            states.append(
                search(
                    pipeline, part, clean, None, count=config.search_steps, rate=RATE,
                    batch=BATCH, seed=config.search_seed + first, watch=watch,
                )[0]
            )  # fmt: skip
        found.append(torch.cat(states))
        pictures.append(sample_states(pipeline, found[-1], seed=FIRST_SEED).numpy())
        targets.append(target)
    others = pipeline.encode(copied.prompts[: config.starts])
    masks = [located(pipeline, one, config) for one in (*found, others)]
    ssim = [
        copying.ssim(made, np.broadcast_to(target, made.shape))
        for made, target in zip(pictures, targets, strict=True)
    ]
    return Result(
        fields={
            "targets": Field(np.stack(targets), ("case", *PICTURE)),
            "pictures": Field(np.stack(pictures), ("case", "start", *PICTURE)),
            "ssim": Field(np.stack(ssim), ("case", "start")),
            "apart": Field(np.stack([apart(states) for states in found]), ("case", "pair")),
            "agreement": Field(np.stack([agreement(group) for group in masks]), ("group", "pair")),
        },
        notes={
            "cases": list(CASES),
            "groups": list(GROUPS),
            "prompts": [copied.prompts[config.which], never.prompts[config.which]],
        },
    )


def apart(states: Tensor) -> np.ndarray:
    """Distances of all pairs of embeddings (n, length, width) over their mean length, (pairs,)."""
    flat = states.flatten(1)
    return (torch.pdist(flat) / flat.norm(dim=1).mean()).numpy()


def located(pipeline: Pipeline, states: Tensor, config: StartsConfig) -> list[Masks]:
    """The mask that each embedding (n, length, width) points to against the empty prompt.

    All start from the same noise, so that masks differ by their embedding alone.
    """
    weights = layers(pipeline, find_site(SITE))
    every = torch.cat([pipeline.encode([""]), states])
    rival, *chosen = watch_states(pipeline, every, tuple(weights), config.tau)
    return [
        masking.select(weights, one, rival, sparsity=config.sparsity, half="conditional")
        for one in chosen
    ]


def watch_states(
    pipeline: Pipeline, states: Tensor, names: Sequence[str], tau: int
) -> list[Statistics]:
    """Channel statistics of each embedding over the first ``tau`` steps of a sampling."""
    seen: dict[str, list[Tensor]] = {name: [] for name in names}

    def tap(name: str) -> Tap:
        return lambda inputs: seen[name].append(channel_squares(inputs))

    taps: Mapping[str, Tap] = {name: tap(name) for name in names}
    noise = first_noise(pipeline, 1, 0).expand(len(states), -1, -1, -1)
    doubled = torch.cat([pipeline.encode([""]).expand(len(states), -1, -1), states])
    for step in steps(pipeline, doubled, noise, taps=lambda _: taps):
        if step.index + 1 == tau:
            break
    squares = {
        # steps, both halves' embeddings, channels -> halves, steps, embeddings, channels
        name: torch.stack(values).unflatten(1, (2, len(states))).transpose(0, 1)
        for name, values in seen.items()
    }
    return [
        Statistics({name: value[:, :, [at]] for name, value in squares.items()}, ("",))
        for at in range(len(states))
    ]


def agreement(masks: Sequence[Masks]) -> np.ndarray:
    """Mean intersection over union over layers of all pairs of masks, (pairs,)."""
    return np.array(
        [
            np.nanmean(list(masking.overlap(masks[one], masks[other]).values()))
            for one in range(len(masks))
            for other in range(one + 1, len(masks))
        ]
    )
