"""The settings of every experiment, by what they ask about."""

from engine.labs.memory_hardware.config.generation import GenerationConfig, Machine, Served
from engine.labs.memory_hardware.config.offload import CapacityConfig, FitConfig, TrainingConfig

__all__ = [
    "CapacityConfig",
    "FitConfig",
    "GenerationConfig",
    "Machine",
    "Served",
    "TrainingConfig",
]
