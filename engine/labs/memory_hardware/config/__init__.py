"""The settings of every experiment, by what they ask about."""

from engine.labs.memory_hardware.config.baseline import Compared
from engine.labs.memory_hardware.config.generation import GenerationConfig, Machine, Served
from engine.labs.memory_hardware.config.speedup import SpeedupConfig, SweepConfig

__all__ = ["Compared", "GenerationConfig", "Machine", "Served", "SpeedupConfig", "SweepConfig"]
