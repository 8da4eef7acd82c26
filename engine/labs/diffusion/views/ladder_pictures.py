"""One prompt of the ladder: what belongs to it, what came out, and what is nearest to that."""

from __future__ import annotations

import numpy as np

from engine.core.result import Result
from engine.figures import PictureGrid
from engine.labs.diffusion.views.ladder_table import EXTRACTED


def targets_of(result: Result) -> np.ndarray:
    """The picture that belongs to each prompt, uint8 (prompt, ...), black for scenes."""
    pool, target = result.array("pool"), result.array("target")
    return np.where((target >= 0)[:, None, None, None], pool[target], 0).astype(np.uint8)


def draw_prompt(result: Result, prompt: int) -> PictureGrid:
    """Two rows: what came out with each seed, and the training picture nearest to it."""
    seeds = result["picture"].size("seed")
    target = int(result.array("target")[prompt])
    pool = result.array("pool")
    made = result.array("picture")[:, prompt]
    near = pool[result.array("nearest")[:, prompt]]
    own = pool[target] if target >= 0 else np.zeros_like(made[0])
    similar, ratio = (result.array(name)[:, prompt] for name in ("ssim", "ratio"))
    hits = result.array("nn_hit")[:, prompt]
    first = ["", *("" if np.isnan(value) else f"SSIM {_words(value)}" for value in similar)]
    second = [
        "",
        *(
            f"ratio {value:.2f}" + ("" if np.isnan(hit) else ", hit" if hit else ", other")
            for value, hit in zip(ratio, hits, strict=True)
        ),
    ]
    marks = np.full((2, seeds + 1), -1)
    marks[0, 1:] = np.where(similar > EXTRACTED, 0, -1)
    present = np.ones((2, seeds + 1), bool)
    present[:, 0] = [target >= 0, False]
    return PictureGrid(
        pictures=np.stack([np.stack([own, *made]), np.stack([np.zeros_like(own), *near])]),
        row_labels=["came out", "nearest training picture"],
        column_labels=["belongs to it", *(f"sample {at + 1}" for at in range(seeds))],
        title=result.notes["prompts"][prompt],
        alt=describe_prompt(result, prompt),
        under=[first, second],
        marks=marks,
        mark_names=("extracted",),
        present=present,
    )


def describe_prompt(result: Result, prompt: int) -> str:
    """A prompt's copies, SSIM, ratio and nearest training pictures, in words."""
    similar, ratio = (result.array(name)[:, prompt] for name in ("ssim", "ratio"))
    copies = int(result.array("copies")[prompt])
    if copies < 0:
        told = "a scene in a combination that was never trained"
    elif copies == 0:
        told = "a title that was never trained"
    elif not result.notes["trained_copies"]:
        told = f"trained once here (rung of {copies} on the ladder)"
    else:
        told = f"trained {copies} times a pass" if copies > 1 else "trained once a pass"
    near = {caption for caption, _ in (row[prompt] for row in result.notes["near"])}
    words = f"“{result.notes['prompts'][prompt]}”: {told}."
    if not np.isnan(similar).any():
        words += (
            f" SSIM to the picture that belongs to it {_range(similar)}, "
            f"{int((similar > EXTRACTED).sum())} of {len(similar)} samples extracted."
        )
    nearest = " / ".join(f"“{caption}”" for caption in sorted(near))
    return f"{words} Carlini ratio {_range(ratio)}. Nearest training pictures: {nearest}."


def _range(values: np.ndarray) -> str:
    low, high = _words(values.min()), _words(values.max())
    return low if low == high else f"{low} to {high}"


def _words(value: float) -> str:
    """Two digits; what rounds to zero has no sign."""
    return f"{round(float(value), 2) + 0.0:.2f}"
