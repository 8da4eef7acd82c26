"""CPU seconds of each experiment, for the estimate before a run."""

from __future__ import annotations

from engine.labs.memory_hardware.config import FitConfig, GenerationConfig, TrainingConfig


def generation(settings: GenerationConfig) -> float:
    """A millisecond a token, whatever the model."""
    return 0.3 + 0.001 * settings.tokens


def training(settings: TrainingConfig) -> float:
    """By subgroups: every stride is simulated, and every mode for some iterations."""
    return 0.3 + 2e-6 * settings.parameters / settings.subgroup


def training_fit(settings: FitConfig) -> float:
    """Seconds for some tens of rows; an upload's size is not known here."""
    return 2.0 if not settings.runs else 10.0
