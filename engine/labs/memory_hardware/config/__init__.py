"""The settings of every experiment, by what they ask about."""

from engine.labs.memory_hardware.config.generation import GenerationConfig, Machine, Served

__all__ = ["GenerationConfig", "Machine", "Served"]
