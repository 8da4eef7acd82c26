"""The diffusion lab: where a model keeps the pictures it copied, and what pruning removes."""

from __future__ import annotations

from pathlib import Path

from engine.core.registry import Experiment, Lab
from engine.labs.diffusion import config
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
            "ladder",
            "Duplication ladder",
            config.LadderConfig,
            "engine.labs.diffusion.ladder:run",
            cost_seconds=lambda settings: 2.0 + 1.05 * settings.seeds * settings.steps,
        ),
        Experiment(
            "arrival",
            "Memorization over training",
            config.ArrivalConfig,
            "engine.labs.diffusion.arrival:run",
            cost_seconds=lambda settings: 2.0,
        ),
        Experiment(
            "basin",
            "Recall basin",
            config.BasinConfig,
            "engine.labs.diffusion.basin:run",
            cost_seconds=lambda settings: 2.0 + 0.4 * settings.seeds * settings.points,
        ),
        Experiment(
            "tokens",
            "Where each word is looked at",
            config.TokensConfig,
            "engine.labs.diffusion.tokens:run",
            cost_seconds=lambda settings: 2.0 + 0.1 * settings.steps,
        ),
        Experiment(
            "words",
            "Which word is the key",
            config.WordsConfig,
            "engine.labs.diffusion.keywords:run",
            cost_seconds=lambda settings: 2.0 + 1.0 * settings.seeds * (1 + settings.swaps),
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
