"""Where in the picture the prompt moves the prediction (after Kim and Lee 2026).

Their measure is a difference of curvatures; this is the proxy that they name, the difference of
the two noise predictions, coordinate by coordinate.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import Step


def coordinate_map(step: Step) -> Tensor:
    """The absolute difference of both noise predictions, (n, channels, height, width).

    Its norm over everything is the score of Wen et al. 2024.
    """
    return (step.noise(step.prompted) - step.noise(step.plain)).abs()


def pixel_map(pipeline: Pipeline, coordinates: Tensor) -> Tensor:
    """The norm over channels at every place, (n, height, width).

    Places are pixels where the U-Net sees patches of pixels, else those of the latent picture.
    """
    if pipeline.vae is None:
        coordinates = torch.nn.functional.pixel_shuffle(coordinates, pipeline.patch)
    return coordinates.norm(dim=1)
