"""The memory-hardware lab: GPT inference in DRAM and optimizer offload, to the cycle."""

from __future__ import annotations

from pathlib import Path

from engine.core.registry import Experiment, Lab
from engine.labs.memory_hardware import config, cost
from engine.labs.memory_hardware.papers import PAPERS

__all__ = ["LAB"]

_COMMANDS = "engine.labs.memory_hardware.commands"

LAB = Lab(
    name="memory_hardware",
    title="Memory hardware",
    sentence="Every DRAM command of a token and why it waited, and where optimizer state is while "
    "it is updated.",
    experiments=(
        Experiment(
            "generation",
            "Tokens in the memory",
            config.GenerationConfig,
            "engine.labs.memory_hardware.run:generation",
            cost_seconds=cost.generation,
        ),
        Experiment(
            "trace",
            "Trace workbench",
            config.TraceConfig,
            "engine.labs.memory_hardware.run:trace",
            cost_seconds=lambda settings: 2.0,
        ),
    ),
    papers=PAPERS,
    commands={
        "trace": f"{_COMMANDS}:trace",
        "generate": f"{_COMMANDS}:generate",
        "expand": f"{_COMMANDS}:expand",
        "offload": f"{_COMMANDS}_offload:offload",
    },
    folder=Path(__file__).parent,
)
