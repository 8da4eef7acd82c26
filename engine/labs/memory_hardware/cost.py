"""CPU seconds of each experiment, for the estimate before a run."""

from __future__ import annotations

from engine.labs.memory_hardware.config import (
    EnergyConfig,
    EstimateConfig,
    FitConfig,
    GenerationConfig,
    SpeedupConfig,
    SweepConfig,
    TornadoConfig,
    TrainingConfig,
    WhatIfConfig,
)


def generation(settings: GenerationConfig) -> float:
    """All tokens at once, whatever the model."""
    return 0.2 + 2e-5 * settings.tokens


def speedup(settings: SpeedupConfig) -> float:
    """Six shapes with and without head."""
    return 0.2 + 2e-5 * settings.tokens


def sweep(settings: SweepConfig) -> float:
    """Six shapes at each value."""
    return 0.2 + 1e-5 * settings.tokens * len(settings.values.split())


def whatif(settings: WhatIfConfig) -> float:
    """Two generations."""
    return 0.2 + 2e-5 * settings.tokens


def tornado(settings: TornadoConfig) -> float:
    """Two generations for each of some twenty constants."""
    return 0.2 + 5e-5 * settings.tokens


def estimate(settings: EstimateConfig) -> float:
    """Ten generations."""
    return 0.2 + 5e-5 * settings.tokens


def energy(settings: EnergyConfig) -> float:
    """Six shapes with and without head, and one on every device."""
    return 0.2 + 1e-4 * settings.tokens


def training(settings: TrainingConfig) -> float:
    """By subgroups: every stride is simulated, and every mode for some iterations."""
    return 0.3 + 2e-9 * settings.parameters / settings.subgroup


def training_fit(settings: FitConfig) -> float:
    """Of some tens of rows; how many an upload has is not known here."""
    return 2.0
