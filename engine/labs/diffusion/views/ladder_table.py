"""The duplication ladder of one model out of a result, and its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.core.result import Result

SCENES = -1
EXTRACTED = 0.7
MEASURES = {
    "ssim": "SSIM to the training picture",
    "extracted": "Extracted",
    "ratio": "Carlini ratio",
    "nn_hit": "Nearest is the target",
    "score": "Wen's score at step 1",
}


@dataclass(frozen=True, eq=False)
class Ladder:
    """Measures (seeds, prompts) of one model; ``copies`` (prompts,) are rungs, -1 for scenes."""

    name: str
    copies: np.ndarray
    measures: dict[str, np.ndarray]
    prompts: Sequence[str]

    @property
    def seeds(self) -> int:
        """Sampling seeds."""
        return len(self.measures["ssim"])

    def rungs(self, measure: str) -> list[int]:
        """The rungs on which a measure is known, from never-trained titles up."""
        known = ~np.isnan(self.measures[measure]).all(axis=0) & (self.copies != SCENES)
        return sorted({int(rung) for rung in self.copies[known]})

    def on(self, rung: int, measure: str) -> np.ndarray:
        """A measure on a rung, (seeds, pictures)."""
        return self.measures[measure][:, self.copies == rung]


def ladder_of(result: Result, name: str) -> Ladder:
    """The ladder of a result of the experiment ``ladder``."""
    known = ("ssim", "ratio", "nn_hit", "score", "ssim_nearest")
    return _ladder(name, result, {key: result.array(key).astype(float) for key in known})


def ladder_at(result: Result, step: int, name: str) -> Ladder:
    """The ladder of one snapshot, from a result of the experiment ``arrival``."""
    known = ("ssim", "ratio", "nn_hit", "score", "ssim_nearest")
    return _ladder(name, result, {key: result.array(key)[step].astype(float) for key in known})


def _ladder(name: str, result: Result, measures: dict[str, np.ndarray]) -> Ladder:
    similar = measures["ssim"]
    over = np.where(np.isnan(similar), np.nan, similar > EXTRACTED)
    return Ladder(
        name, result.array("copies"), {**measures, "extracted": over}, result.notes["prompts"]
    )


def rung_table(ladder: Ladder) -> list[dict[str, object]]:
    """A row for each rung: the mean of every measure, and its lowest and highest seed."""
    rows = []
    for rung in (*reversed(ladder.rungs("score")), SCENES):
        values = ladder.on(rung, "score")
        if not values.size:
            continue
        row: dict[str, object] = {
            "Copies": "scenes" if rung == SCENES else "never" if rung == 0 else str(rung),
            "Pictures": values.shape[1],
            "Samples": values.size,
        }
        for key, title in {**MEASURES, "ssim_nearest": "SSIM to the nearest picture"}.items():
            by_seed = ladder.on(rung, key).mean(axis=1)
            known = not np.isnan(by_seed).any()
            row[title] = (
                f"{short_number(by_seed.mean())} ({lowest_to_highest(by_seed)})" if known else ""
            )
        rows.append(row)
    return rows


def lowest_to_highest(values: np.ndarray) -> str:
    """The range of some values in words."""
    return f"{short_number(values.min())} to {short_number(values.max())}"


def short_number(value: float) -> str:
    """Three decimals, or two digits of a number that would be none then."""
    return f"{value:.2g}" if 0 < abs(value) < 0.01 else f"{value:.3f}"


def ladder_table(ladder: Ladder) -> dict[str, object]:
    """A row for each picture and seed."""
    seeds, prompts = ladder.measures["ssim"].shape
    return {
        "prompt": [*ladder.prompts] * seeds,
        "copies": np.tile(ladder.copies, seeds),
        "seed": np.repeat(np.arange(seeds), prompts),
        **{name: values.reshape(-1) for name, values in ladder.measures.items()},
    }
