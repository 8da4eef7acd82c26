"""What the overlap, the atlas and a neuron cost before they are computed, in CPU seconds."""

from __future__ import annotations

from engine.labs.diffusion.config.atlas import NeuronConfig
from engine.labs.diffusion.config.overlap import OverlapConfig
from engine.labs.diffusion.cost import PICTURE
from engine.labs.diffusion.names import DEFAULT

SPLIT = 0.33
"""Masks of one random split at every step, layer, reference and sparsity."""


def overlap(config: OverlapConfig) -> float:
    """Every prompt is sampled once a model; most sets give two groups."""
    lists = 2 * (len(config.groups.split(",")) + 2) + 3
    models = 2 if config.model == DEFAULT and config.beside else 1
    return models * (lists * config.group_size * PICTURE + config.splits * SPLIT)


def neuron(config: NeuronConfig) -> float:
    """Two lists of prompts are watched, and one of them is sampled twice without a column."""
    return 4 * config.pictures * PICTURE
