"""The settings of every experiment, by what they ask about."""

from engine.labs.memory_hardware.config.baseline import Compared
from engine.labs.memory_hardware.config.energy import EnergyConfig, Powered
from engine.labs.memory_hardware.config.generation import GenerationConfig, LaidOut, Machine, Served
from engine.labs.memory_hardware.config.mapping import MappingConfig
from engine.labs.memory_hardware.config.offload import CapacityConfig, FitConfig, TrainingConfig
from engine.labs.memory_hardware.config.speedup import SpeedupConfig, SweepConfig
from engine.labs.memory_hardware.config.trace import TraceConfig
from engine.labs.memory_hardware.config.whatif import EstimateConfig, TornadoConfig, WhatIfConfig

__all__ = [
    "CapacityConfig",
    "Compared",
    "EnergyConfig",
    "EstimateConfig",
    "FitConfig",
    "GenerationConfig",
    "LaidOut",
    "Machine",
    "MappingConfig",
    "Powered",
    "Served",
    "SpeedupConfig",
    "SweepConfig",
    "TornadoConfig",
    "TraceConfig",
    "TrainingConfig",
    "WhatIfConfig",
]
