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
            "mapping",
            "Where every number lies",
            config.MappingConfig,
            "engine.labs.memory_hardware.run:mapping",
            cost_seconds=lambda settings: 0.5,
        ),
        Experiment(
            "speedup",
            "Eight models beside a GPU and a CPU",
            config.SpeedupConfig,
            "engine.labs.memory_hardware.run:speedup",
            cost_seconds=cost.speedup,
        ),
        Experiment(
            "sweep",
            "One constant at several values",
            config.SweepConfig,
            "engine.labs.memory_hardware.run:sweep",
            cost_seconds=cost.sweep,
        ),
        Experiment(
            "whatif",
            "Two memories side by side",
            config.WhatIfConfig,
            "engine.labs.memory_hardware.run:whatif",
            cost_seconds=cost.whatif,
        ),
        Experiment(
            "tornado",
            "Every constant varied",
            config.TornadoConfig,
            "engine.labs.memory_hardware.run:tornado",
            cost_seconds=cost.tornado,
        ),
        Experiment(
            "estimate",
            "Closed forms beside the engine",
            config.EstimateConfig,
            "engine.labs.memory_hardware.run:estimate",
            cost_seconds=cost.estimate,
        ),
        Experiment(
            "energy",
            "Energy by class of command",
            config.EnergyConfig,
            "engine.labs.memory_hardware.run:energy",
            cost_seconds=cost.energy,
        ),
        Experiment(
            "training",
            "Optimizer offload",
            config.TrainingConfig,
            "engine.labs.memory_hardware.run:training",
            cost_seconds=cost.training,
        ),
        Experiment(
            "training_fit",
            "A node from measured runs",
            config.FitConfig,
            "engine.labs.memory_hardware.run:training_fit",
            cost_seconds=cost.training_fit,
        ),
        Experiment(
            "capacity",
            "The largest model",
            config.CapacityConfig,
            "engine.labs.memory_hardware.run:capacity",
            cost_seconds=lambda settings: 0.5,
        ),
        Experiment(
            "replay",
            "Trace workbench",
            config.TraceConfig,
            "engine.labs.memory_hardware.run:replay",
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
