"""A recording as a model reads it: noise is added to it, and the network looks once.

KMM has no noise: the quarter of its tokens with the highest key-frame scores is masked, and the
network restores it, which is what it was trained for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.labs.motion.data.sampler import LONGEST
from engine.labs.motion.features import WIDTH
from engine.labs.motion.generation.generate import GUIDANCE
from engine.labs.motion.generation.noise import generators, normal
from engine.labs.motion.generation.unmask import rows_of
from engine.labs.motion.models.denoiser import build_scheduler
from engine.labs.motion.models.keyframes import keyframe_scores

if TYPE_CHECKING:  # sampling hands recordings on to here
    from engine.labs.motion.memory.sampling import Studio, Take

MASKED = 0.25


@torch.inference_mode()
def reread(studio: Studio, take: Take, count: int) -> list[np.ndarray]:
    """Rows (rows, 137) that the network makes of the take's recording, ``count`` times at once."""
    assert take.given is not None
    model, rows = studio.model, torch.from_numpy(studio.model.scale.normalise(take.given))[None]
    ids = torch.tensor([take.reading.ids] * count)
    text, none = model.network.text(ids), model.network.text.none(count)
    captions, lengths = torch.cat([text, none]), torch.full((2 * count,), take.rows)
    if model.kind == "kmm":
        made = _restored(studio, rows, captions, count)
    else:
        scheduler = build_scheduler("ddim")
        scheduler.set_timesteps(take.steps)
        step = scheduler.timesteps[take.call]
        noise = normal(generators([take.seed]), LONGEST, WIDTH)[:, : take.rows]
        noisy = scheduler.add_noise(rows, noise, step[None])
        guided, free = model.network(
            noisy.repeat(2 * count, 1, 1), step.repeat(2 * count), captions, lengths
        ).chunk(2)
        made = free + GUIDANCE * (guided - free)
    return [model.scale.restore(one).astype(np.float32) for one in made.numpy()[:, : take.rows]]


def _restored(
    studio: Studio, rows: torch.Tensor, captions: torch.Tensor, count: int
) -> torch.Tensor:
    network = studio.model.network
    latents, counts = network.codec.encode(rows, torch.tensor([rows.shape[1]]))
    codes = network.codec.nearest(latents)
    tokens = codes.shape[1]
    order = keyframe_scores(latents[0]).argsort(descending=True, stable=True)
    masked = torch.zeros(1, tokens, dtype=torch.bool)
    masked[0, order[: max(1, round(MASKED * tokens))]] = True
    logits, _ = network(
        codes.repeat(2 * count, 1), masked.repeat(2 * count, 1), captions, counts.repeat(2 * count)
    )
    guided, free = logits.chunk(2)
    best = (free + GUIDANCE * (guided - free)).argmax(-1)
    return rows_of(network, torch.where(masked, best, codes), counts.repeat(count))
