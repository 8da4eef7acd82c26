"""CPU seconds of each experiment, for the estimate before a run."""

from __future__ import annotations

from engine.labs.memory_hardware.config import GenerationConfig, SpeedupConfig, SweepConfig


def generation(settings: GenerationConfig) -> float:
    """A millisecond a token, whatever the model."""
    return 0.3 + 0.001 * settings.tokens


def speedup(settings: SpeedupConfig) -> float:
    """Six shapes with and without head."""
    return 0.3 + 0.005 * settings.tokens


def sweep(settings: SweepConfig) -> float:
    """Six shapes at each value."""
    return 0.3 + 0.0025 * settings.tokens * len(settings.values.split())
