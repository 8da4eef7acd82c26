"""CPU seconds of each experiment, for the estimate before a run."""

from __future__ import annotations

from engine.labs.memory_hardware.config import GenerationConfig


def generation(settings: GenerationConfig) -> float:
    """A millisecond a token, whatever the model."""
    return 0.3 + 0.001 * settings.tokens
