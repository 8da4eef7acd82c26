"""The diffusion lab: where a model keeps the pictures it copied, and what pruning removes."""

from __future__ import annotations

from pathlib import Path

from engine.core.registry import Experiment, Lab
from engine.labs.diffusion import config, cost_located
from engine.labs.diffusion.papers import PAPERS

__all__ = ["LAB"]

_COMMANDS = "engine.labs.diffusion.commands"

LAB = Lab(
    name="diffusion",
    title="Diffusion memory",
    sentence="Where a text-to-image model keeps the pictures it copied, what cutting those weights "
    "changes, and whether an attack brings them back.",
    experiments=(
        Experiment(
            "overlap",
            "Overlap of masks",
            config.OverlapConfig,
            "engine.labs.diffusion.overlap:overlap",
            cost_seconds=cost_located.overlap,
        ),
        Experiment(
            "atlas",
            "Neuron atlas",
            config.AtlasConfig,
            "engine.labs.diffusion.atlas:atlas",
            cost_seconds=lambda settings: 4.0,
        ),
        Experiment(
            "neuron",
            "One neuron",
            config.NeuronConfig,
            "engine.labs.diffusion.neuron:neuron",
            cost_seconds=cost_located.neuron,
        ),
    ),
    papers=PAPERS,
    commands={
        "sample": f"{_COMMANDS}:sample",
        "locate": f"{_COMMANDS}_locate:locate",
        "evaluate": f"{_COMMANDS}:evaluate",
        "attack": f"{_COMMANDS}:attack",
        "export": f"{_COMMANDS}_locate:export",
    },
    folder=Path(__file__).parent,
)
