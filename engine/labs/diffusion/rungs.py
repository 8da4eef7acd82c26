"""What a pipeline makes of a set of prompts, with the score of the first step beside the copies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from engine.labs.diffusion.evaluation import Evaluation, Progress, evaluate
from engine.labs.diffusion.judge.network import judged, load_judge
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.prompts import PromptSet
from engine.labs.diffusion.sampler import GUIDANCE, STEPS, first_noise, steps

SCORE = "score"
RIGHT = "right"
TOGETHER = 32


def measured(
    pipeline: Pipeline,
    wanted: PromptSet,
    *,
    seeds: int = 1,
    first_seed: int = 0,
    count: int = STEPS,
    guidance: float = GUIDANCE,
    progress: Progress | None = None,
) -> Evaluation:
    """``evaluate`` with "score" (seeds, prompts): Wen et al. 2024 at the first step.

    Scenes also get "right" (seeds, prompts, attributes): whether the judge sees what was asked.
    """
    done = evaluate(
        pipeline, wanted, seeds=seeds, first_seed=first_seed, count=count, guidance=guidance,
        progress=progress,
    )  # fmt: skip
    found = dict(done.measures)
    found[SCORE] = np.stack(
        [first_scores(pipeline, wanted.prompts, first_seed + at, count) for at in range(seeds)]
    )
    if wanted.scenes is not None:
        asked = np.array([scene.labels for scene in wanted.scenes])
        seen = [judged(load_judge(), pictures) for pictures in done.pictures]
        found[RIGHT] = np.stack(seen) == asked
    return replace(done, measures=found)


def first_scores(
    pipeline: Pipeline, prompts: tuple[str, ...], seed: int, count: int = STEPS
) -> np.ndarray:
    """Wen's score at the first of ``count`` steps, (prompts,): one call of the U-Net each."""
    states, noise = pipeline.encode(prompts), first_noise(pipeline, len(prompts), seed)
    empty = pipeline.encode([""])
    found = []
    for start in range(0, len(prompts), TOGETHER):
        part = states[start : start + TOGETHER]
        doubled = torch.cat([empty.expand(len(part), -1, -1), part])
        first = next(steps(pipeline, doubled, noise[start : start + TOGETHER], count=count))
        found.append(first.score)
    return torch.cat(found).numpy()
