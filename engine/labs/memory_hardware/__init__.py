"""The memory-hardware lab: GPT inference in DRAM and optimizer offload, to the cycle."""

from __future__ import annotations

import zlib
from pathlib import Path

from engine.core.registry import Experiment, Lab
from engine.labs.memory_hardware import config, cost
from engine.labs.memory_hardware.papers import PAPERS

__all__ = ["LAB"]

_HERE = Path(__file__).parent


def _version(revision: int) -> int:
    """A result belongs to a revision of its code and to the constants of the presets."""
    tables = sorted([*_HERE.glob("devices/*.toml"), *_HERE.glob("offload/nodes/*.toml")])
    return revision << 32 | zlib.crc32(b"".join(path.read_bytes() for path in tables))


VERSION = _version(1)
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
            version=VERSION,
            cost_seconds=cost.generation,
        ),
        Experiment(
            "mapping",
            "Where every number lies",
            config.MappingConfig,
            "engine.labs.memory_hardware.run:mapping",
            version=VERSION,
            cost_seconds=lambda settings: 0.5,
        ),
        Experiment(
            "speedup",
            "Eight models beside a GPU and a CPU",
            config.SpeedupConfig,
            "engine.labs.memory_hardware.run:speedup",
            version=VERSION,
            cost_seconds=cost.speedup,
        ),
        Experiment(
            "sweep",
            "One constant at several values",
            config.SweepConfig,
            "engine.labs.memory_hardware.run:sweep",
            version=VERSION,
            cost_seconds=cost.sweep,
        ),
        Experiment(
            "whatif",
            "Two memories side by side",
            config.WhatIfConfig,
            "engine.labs.memory_hardware.run:whatif",
            version=VERSION,
            cost_seconds=cost.whatif,
        ),
        Experiment(
            "tornado",
            "Every constant varied",
            config.TornadoConfig,
            "engine.labs.memory_hardware.run:tornado",
            version=VERSION,
            cost_seconds=cost.tornado,
        ),
        Experiment(
            "estimate",
            "Closed forms beside the engine",
            config.EstimateConfig,
            "engine.labs.memory_hardware.run:estimate",
            version=VERSION,
            cost_seconds=cost.estimate,
        ),
        Experiment(
            "energy",
            "Energy by class of command",
            config.EnergyConfig,
            "engine.labs.memory_hardware.run:energy",
            version=VERSION,
            cost_seconds=cost.energy,
        ),
        Experiment(
            "training",
            "Optimizer offload",
            config.TrainingConfig,
            "engine.labs.memory_hardware.run:training",
            version=VERSION,
            cost_seconds=cost.training,
        ),
        Experiment(
            "training_fit",
            "A node from measured runs",
            config.FitConfig,
            "engine.labs.memory_hardware.run:training_fit",
            version=VERSION,
            cost_seconds=cost.training_fit,
        ),
        Experiment(
            "capacity",
            "The largest model",
            config.CapacityConfig,
            "engine.labs.memory_hardware.run:capacity",
            version=VERSION,
            cost_seconds=lambda settings: 0.5,
        ),
        Experiment(
            "replay",
            "Trace workbench",
            config.TraceConfig,
            "engine.labs.memory_hardware.run:replay",
            version=VERSION,
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
    claims="engine.labs.memory_hardware.views.claims:CLAIMS",
)
