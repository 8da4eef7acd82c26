"""The settings of every experiment, by what they ask about."""

from engine.labs.memory_hardware.config.generation import GenerationConfig, Machine, Served
from engine.labs.memory_hardware.config.trace import TraceConfig

__all__ = ["GenerationConfig", "Machine", "Served", "TraceConfig"]
