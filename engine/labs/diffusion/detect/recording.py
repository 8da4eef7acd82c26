"""Sampling with every score of every step written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch

from engine.core import BadInput
from engine.labs.diffusion.detect.entropy import AttentionOverTokens, entropy, padding_from
from engine.labs.diffusion.detect.webster import edges as edges_of
from engine.labs.diffusion.detect.webster import white_box
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import GUIDANCE, STEPS, Step, first_noise, steps

Progress = Callable[[int, int], None]
Watch = Callable[[Step], None]


@dataclass(frozen=True, eq=False)
class Recording:
    """Scores of n prompts with one seed.

    By step, (n, steps): ``wen`` the norm of the difference of both noise predictions, ``update``
    the norm of what the step changes, ``entropy`` and ``padding`` the entropy of the attention and
    the share of it that the end token and the padding have. ``layers`` (n, layers) is the entropy
    of each layer at the first step, ``white_box`` (n,) Webster's score of it and ``edges`` (n, 256,
    256) where the picture after it has some; ``pictures`` uint8 (n, height, width, 3) is what comes
    out in the end. Edges and pictures have no size where they were not asked for.
    """

    wen: np.ndarray
    update: np.ndarray
    entropy: np.ndarray
    padding: np.ndarray
    layers: np.ndarray
    white_box: np.ndarray
    edges: np.ndarray
    pictures: np.ndarray


def record(
    pipeline: Pipeline,
    prompts: Sequence[str],
    *,
    seed: int = 0,
    count: int = STEPS,
    guidance: float = GUIDANCE,
    batch: int = 16,
    pictures: bool = True,
    edges: bool = True,
    watch: Watch | None = None,
    progress: Progress | None = None,
) -> Recording:
    """Sample every prompt once; the noise is that of ``sample`` with this seed.

    ``pictures`` and ``edges`` can be left out, which saves decoding them. ``watch`` sees every
    step of every batch. ``progress`` is told prompts done and all; it may raise to stop. Raises
    BadInput for an empty list.
    """
    if not prompts:
        raise BadInput("prompts", "at least one prompt is needed")
    noise = first_noise(pipeline, len(prompts), seed)
    parts = []
    for start in range(0, len(prompts), batch):
        if progress is not None:
            progress(start, len(prompts))
        part = list(prompts[start : start + batch])
        latents = noise[start : start + batch]
        parts.append(_batch(pipeline, part, latents, count, guidance, pictures, edges, watch))
    return Recording(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Recording)
        }
    )


def _batch(
    pipeline: Pipeline,
    prompts: list[str],
    noise: torch.Tensor,
    count: int,
    guidance: float,
    pictures: bool,
    edges: bool,
    watch: Watch | None,
) -> Recording:
    attention = AttentionOverTokens(pipeline)
    states = pipeline.encode([*[""] * len(prompts), *prompts])
    behind = torch.arange(states.shape[1]) >= padding_from(pipeline, prompts)[:, None]  # n tokens
    by_step: dict[str, list[torch.Tensor]] = {
        name: [] for name in ("wen", "update", "entropy", "padding")
    }
    first: dict[str, torch.Tensor] = {}
    found = np.zeros((len(prompts), 0, 0), bool)
    latents = noise
    walk = steps(
        pipeline,
        states,
        noise,
        count=count,
        guidance=guidance,
        attention=lambda _: attention.watch(),
    )
    for step in walk:
        layers = attention.layers()  # layers n tokens
        mean = layers.mean(0)
        by_step["wen"].append(step.score)
        by_step["update"].append((step.following - step.latents).flatten(1).norm(dim=1))
        by_step["entropy"].append(entropy(mean))
        by_step["padding"].append(entropy(mean * behind))
        if step.index == 0:
            first = {
                "layers": entropy(layers).T,
                "white_box": white_box(step, noise),
            }
            if edges:
                found = edges_of(pipeline.decode(step.preview).numpy())
        if watch is not None:
            watch(step)
        latents = step.following
    return Recording(
        **{name: torch.stack(values, dim=1).numpy() for name, values in by_step.items()},
        **{name: values.numpy() for name, values in first.items()},
        edges=found,
        pictures=pipeline.decode(latents).numpy()
        if pictures
        else np.zeros((len(prompts), 0, 0, 3), np.uint8),
    )
