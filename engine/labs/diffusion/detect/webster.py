"""What one step already shows (Webster 2023), with the constants of the author's code.

A copied picture is there after one step, sharp and from every seed; any other is a blur.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage
from torch import Tensor

from engine.core import BadInput
from engine.labs.diffusion.sampler import Step

LEAST_SEEDS = 4
SIDE, EDGE, AGREE = 256, 1.5, 0.5
"""Side in pixels that edges are looked for at, least magnitude of one (pictures from 0 to 1, summed
over channels), and the share of seeds that more than must have it."""


def white_box(step: Step, noise: Tensor) -> Tensor:
    """Mean squared difference of the guided picture after one step and the first noise, (n,).

    ``noise`` (n, channels, height, width) has variance 1. The author's sampler scales it by the
    largest sigma; by the schedules here, which end in pure noise, nothing else would be left.
    """
    return (step.preview - noise).square().flatten(1).mean(1)


def edges(pictures: np.ndarray) -> np.ndarray:
    """Where pictures uint8 (n, height, width, 3) have an edge, bool (n, 256, 256)."""
    return np.stack([_edges(picture) for picture in pictures])


def edge_consistency(seeds: Sequence[np.ndarray]) -> np.ndarray:
    """The share of places that have an edge in more than half of the seeds, (n,).

    ``seeds`` are at least four stacks of ``edges`` (n, height, width), of pictures of the same n
    prompts after one step.
    """
    if len(seeds) < LEAST_SEEDS:
        raise BadInput("seeds", f"edges need at least {LEAST_SEEDS} (got {len(seeds)})")
    found = np.mean(seeds, axis=0)  # n h w
    return (found > AGREE).mean((1, 2))


def _edges(picture: np.ndarray) -> np.ndarray:
    image = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    values = np.asarray(image, np.float32) / 255
    # Of three axes the kernel smooths both others: the channels too, as in the author's code.
    down, across = (ndimage.sobel(values, axis=axis) for axis in (0, 1))
    return np.hypot(down, across).sum(-1) > EDGE
