"""What is left of the copies, and of scenes, under a cut: every bench tries its cuts alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.labs.diffusion.evaluation import measures
from engine.labs.diffusion.judge.network import judged, load_judge
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.names import COPIED_SETS
from engine.labs.diffusion.pictures.shrink import shrunk
from engine.labs.diffusion.prompts import PromptSet, find_prompts
from engine.labs.diffusion.sampler import Cut, sample

MEASURES = ("ssim", "ratio", "nn_hit")
SCENES = 12
"""Held-out scenes that are judged, the first of them; scenes to locate from come after them."""
MOST_SIDE = 96
Cutting = Callable[[int], Cut | None]
"""From a sampling seed to the cut that is tried with it: a random mask is drawn for each seed."""


@dataclass(frozen=True, eq=False)
class Trial:
    """``pictures`` uint8 (pictures, height, width, 3) of the first seed.

    ``copies`` float32 (seeds, pictures, measures), nan where a measure is not known; ``right`` bool
    (seeds, scenes, attributes), without scenes where the model knows none.
    """

    pictures: np.ndarray
    copies: np.ndarray
    right: np.ndarray


@dataclass(frozen=True, eq=False)
class Judges:
    """The sets whose pictures are compared with their targets, and the scenes that are judged."""

    sets: tuple[PromptSet, ...]
    scenes: PromptSet | None
    seeds: tuple[int, ...]

    @property
    def pictures(self) -> int:
        """How many pictures one trial samples."""
        prompts = sum(len(wanted.prompts) for wanted in self.sets)
        return len(self.seeds) * (prompts + (len(self.scenes.prompts) if self.scenes else 0))

    def groups(self, located: Sequence[str]) -> list[dict[str, Any]]:
        """Name, size and role of every set, in the order of the pictures."""
        return [
            {
                "name": wanted.name,
                "count": len(wanted.prompts),
                "located": wanted.name in located,
                "known": wanted.targets is not None,
            }
            for wanted in self.sets
        ]

    def captions(self) -> list[str]:
        """The prompts of all pictures."""
        return [prompt for wanted in self.sets for prompt in wanted.prompts]

    def targets(self, side: tuple[int, int]) -> np.ndarray:
        """The training pictures, uint8 (pictures, *side, 3); black where there is none."""
        return np.concatenate(
            [
                np.zeros((len(wanted.prompts), *side, 3), np.uint8)
                if wanted.targets is None
                else wanted.targets
                for wanted in self.sets
            ]
        )

    def attempt(
        self, pipeline: Pipeline, cutting: Cutting, tell: Callable[[int], None] = lambda n: None
    ) -> Trial:
        """Sample everything under a cut; ``tell`` is told pictures done, and may raise to stop."""
        pictures: list[np.ndarray] = []
        copies, right = [], []
        for seed in self.seeds:
            cut, rows = cutting(seed), []
            for wanted in self.sets:
                made = sample(pipeline, wanted.prompts, seed=seed, cut=cut).numpy()
                tell(len(made))
                rows.append(_columns(pipeline, wanted, made))
                if seed == self.seeds[0]:
                    pictures.append(smaller(made))
            copies.append(np.concatenate(rows))
            right.append(self._right(pipeline, seed, cut, tell))
        return Trial(np.concatenate(pictures), np.stack(copies), np.stack(right))

    def _right(
        self, pipeline: Pipeline, seed: int, cut: Cut | None, tell: Callable[[int], None]
    ) -> np.ndarray:
        if self.scenes is None or self.scenes.scenes is None:
            return np.zeros((0, 0), bool)
        made = sample(pipeline, self.scenes.prompts, seed=seed, cut=cut).numpy()
        tell(len(made))
        wanted = np.array([scene.labels for scene in self.scenes.scenes])
        return judged(load_judge(), made) == wanted


def copied_judges(
    pipeline: Pipeline, seeds: Sequence[int], more: Sequence[PromptSet] = (), each: int = 8
) -> Judges:
    """Sets A, B and C (``each`` pictures of them), ``more`` sets, and scenes: where known."""
    if pipeline.data_seed is None:
        return Judges(tuple(more), None, tuple(seeds))
    copied = [find_prompts(pipeline, name).part(each) for name in COPIED_SETS]
    others = [wanted for wanted in more if wanted.name not in COPIED_SETS]
    scenes = find_prompts(pipeline, "scenes").part(SCENES)
    return Judges((*copied, *others), scenes, tuple(seeds))


def smaller(pictures: np.ndarray) -> np.ndarray:
    """Pictures uint8 (n, height, width, 3) of at most 96 pixels a side, by means of blocks."""
    return shrunk(pictures, MOST_SIDE)


def _columns(pipeline: Pipeline, wanted: PromptSet, made: np.ndarray) -> np.ndarray:
    """The measures of one seed's pictures, float32 (pictures, measures)."""
    known = measures(pipeline, wanted, made)
    blank = np.full(len(made), np.nan)
    return np.stack([np.asarray(known.get(name, blank), np.float32) for name in MEASURES], axis=1)
