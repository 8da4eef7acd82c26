"""CPU seconds of each experiment, for the estimate before a run."""

from __future__ import annotations

from engine.labs.memory_hardware.config import FitConfig, GenerationConfig, TrainingConfig


def generation(settings: GenerationConfig) -> float:
    """A millisecond a token, whatever the model."""
    return 0.3 + 0.001 * settings.tokens


def training(settings: TrainingConfig) -> float:
    """By subgroups: every stride is simulated, and every mode for some iterations."""
    return 0.3 + 2e-9 * settings.parameters / settings.subgroup


def training_fit(settings: FitConfig) -> float:
    """Of some tens of rows; how many an upload has is not known here."""
    return 2.0
