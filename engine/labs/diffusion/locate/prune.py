"""Weights without the masked ones, for the calls that are given them; nothing shared changes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.labs.diffusion.locate.masks import Masks
from engine.labs.diffusion.locate.sites import Site
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import Cut


def prune(pipeline: Pipeline, site: Site, masks: Masks) -> Cut:
    """What a sampler is given: the site's weights with zeros where ``masks`` is True."""
    network: nn.Module = getattr(pipeline, site.network)
    weights: dict[str, Tensor] = {}
    for name, mask in masks.items():
        parameter = network.get_parameter(f"{name}.weight").detach()
        weights[f"{name}.weight"] = torch.where(mask, 0.0, parameter)
    return Cut(**{site.network: weights})
