"""What a pipeline, whole or cut, makes of a set of prompts: copies, and scenes as told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from engine.core import BadInput
from engine.labs.diffusion import copying
from engine.labs.diffusion.judge.network import accuracy, load_judge
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.prompts import PromptSet
from engine.labs.diffusion.sampler import GUIDANCE, STEPS, Cut, sample
from engine.labs.diffusion.sscd import CopyDetector

MOST_SEEDS = 20
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Pictures uint8 (seeds, prompts, height, width, 3) and measures (seeds, prompts) of each.

    ``scenes`` is the accuracy of each attribute; None for prompts that are no scenes.
    """

    pictures: np.ndarray
    measures: Mapping[str, np.ndarray]
    scenes: Mapping[str, float] | None

    @property
    def means(self) -> dict[str, float]:
        """The mean of every measure over seeds and prompts."""
        return {name: float(values.mean()) for name, values in self.measures.items()}


def evaluate(
    pipeline: Pipeline,
    wanted: PromptSet,
    *,
    seeds: int = 1,
    first_seed: int = 0,
    cut: Cut | None = None,
    count: int = STEPS,
    guidance: float = GUIDANCE,
    progress: Progress | None = None,
) -> Evaluation:
    """Sample a set with ``seeds`` seeds and measure the pictures.

    With targets: "ssim", "zncc", "extracted" (SSIM over 0.7). With training pictures:
    "ssim_nearest" to the nearest of them, "ratio" (Carlini et al. 2023), and for trained captions
    "nn_hit", whether the nearest is the target. Raises BadInput for a number of seeds outside 1 to
    20, and for prompts of which nothing can be measured.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise BadInput("seeds", f"must be from 1 to {MOST_SEEDS} (got {seeds})")
    if wanted.targets is None and pipeline.data_seed is None:
        raise BadInput(
            "set", "this model's training pictures are not known, nothing to compare with"
        )
    pictures, rows = [], []
    for done in range(seeds):
        if progress is not None:
            progress(done, seeds)
        made = sample(
            pipeline,
            wanted.prompts,
            seed=first_seed + done,
            count=count,
            guidance=guidance,
            cut=cut,
        ).numpy()
        pictures.append(made)
        rows.append(measures(pipeline, wanted, made))
    every = np.stack(pictures)
    scenes = None
    if wanted.scenes is not None:
        flat = every.reshape(-1, *every.shape[2:])
        scenes = accuracy(load_judge(), flat, wanted.scenes * seeds)
    columns = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return Evaluation(every, columns, scenes)


def with_sscd(done: Evaluation, wanted: PromptSet, detector: CopyDetector) -> Evaluation:
    """The same with "sscd", the similarity to each prompt's target; ``wanted`` has targets."""
    assert wanted.targets is not None
    found = np.stack([detector.similarity(made, wanted.targets) for made in done.pictures])
    return replace(done, measures={**done.measures, "sscd": found})


def measures(pipeline: Pipeline, wanted: PromptSet, pictures: np.ndarray) -> dict[str, Any]:
    """The measures of ``evaluate`` for one picture of every prompt, each (prompts,)."""
    found: dict[str, Any] = {}
    if wanted.targets is not None:
        found["ssim"] = copying.ssim(pictures, wanted.targets)
        found["zncc"] = copying.zncc(pictures, wanted.targets)
        found["extracted"] = copying.extracted(found["ssim"])
    if pipeline.data_seed is not None:
        training = training_pictures(pipeline.data_seed)
        near = training.neighbours(pictures)
        found["ssim_nearest"] = copying.ssim(pictures, training.images[near.nearest])
        found["ratio"] = near.ratio
        if (wanted.positions >= 0).all():
            found["nn_hit"] = near.nearest == wanted.positions
    return found


@lru_cache(maxsize=1)
def training_pictures(seed: int) -> copying.TrainingPictures:
    """The distinct training pictures of a data seed, ready for look-ups."""
    return copying.TrainingPictures(build_collection(seed).images)
