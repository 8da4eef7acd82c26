"""The training pictures nearest to what came out."""

from __future__ import annotations

import numpy as np

from engine.core.result import Result
from engine.figures import PictureGrid

EXTRACTED = 0.7


def draw_evidence(result: Result) -> PictureGrid:
    """The sampled picture, then its nearest training pictures by distance."""
    picture, near = result.array("picture"), result.array("nearest")
    similar, distance = result.array("near_ssim"), result.array("distance")
    marks = np.array([[-1, *np.where(similar > EXTRACTED, 0, -1)]])
    return PictureGrid(
        pictures=np.concatenate([picture[None], near])[None],
        row_labels=[""],
        column_labels=["came out", *(f"nearest {at + 1}" for at in range(len(near)))],
        title="Nearest training pictures",
        alt=describe_evidence(result),
        under=[["", *(f"{d:.3f}, {s:.2f}" for d, s in zip(distance, similar, strict=True))]],
        marks=marks,
        mark_names=("SSIM over 0.7",),
    )


def describe_evidence(result: Result) -> str:
    """What is nearest, how near, and whether it belongs to the prompt."""
    caption = result.notes["near_captions"][0]
    own = caption == result.notes["prompt"]
    distance = result.array("distance")
    told = (
        f"The nearest training picture is that of “{caption}”"
        f"{', the prompt itself' if own else ''}, at a root mean square distance of "
        f"{distance[0]:.3f} (the next: {distance[1]:.3f}); Carlini ratio "
        f"{result.number('ratio'):.2f}."
    )
    ssim = result.metrics["ssim"]
    if ssim is None:
        return f"{told} No training picture belongs to this prompt by its title."
    return f"{told} SSIM to the picture that belongs to the prompt: {ssim:.2f}."


def evidence_table(result: Result) -> list[dict[str, object]]:
    """A row for each of the nearest training pictures."""
    return [
        {"Caption": caption, "Copies": copies, "Distance": float(d), "SSIM": float(s)}
        for caption, copies, d, s in zip(
            result.notes["near_captions"],
            result.notes["near_copies"],
            result.array("distance"),
            result.array("near_ssim"),
            strict=True,
        )
    ]
