"""The diffusion lab: where a model keeps the pictures it copied, and what pruning removes."""

from __future__ import annotations

from pathlib import Path

from engine.core.registry import Experiment, Lab
from engine.labs.diffusion import config
from engine.labs.diffusion.config.race import race_cost, strength_cost
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
            "race",
            "Mitigation race",
            config.RaceConfig,
            "engine.labs.diffusion.racing:race",
            cost_seconds=race_cost,
        ),
        Experiment(
            "strength",
            "Methods at several strengths",
            config.StrengthConfig,
            "engine.labs.diffusion.racing:strength",
            cost_seconds=strength_cost,
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
