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
            "honesty",
            "Attack on a pruned model",
            config.HonestyConfig,
            "engine.labs.diffusion.honesty:honesty",
            cost_seconds=config.honesty_seconds,
        ),
        Experiment(
            "starts",
            "Searches from many starts",
            config.StartsConfig,
            "engine.labs.diffusion.starts:starts",
            cost_seconds=config.starts_seconds,
        ),
        Experiment(
            "writing",
            "A picture in a low-rank addition",
            config.WritingConfig,
            "engine.labs.diffusion.writing:writing",
            cost_seconds=config.writing_seconds,
        ),
        Experiment(
            "keys",
            "Border keys",
            config.KeysConfig,
            "engine.labs.diffusion.keys:keys",
            cost_seconds=config.keys_seconds,
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
