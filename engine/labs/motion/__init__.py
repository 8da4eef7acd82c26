"""The motion lab: skeletons that move by state-space models, and the files that hold motion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.registry import Experiment, Lab
from engine.labs.motion.config.clip import ClipConfig
from engine.labs.motion.config.denoise import DenoiseConfig, denoise_cost
from engine.labs.motion.config.lanes import LanesConfig, lanes_cost
from engine.labs.motion.config.lens import EraseConfig, LensConfig, erase_cost, lens_cost
from engine.labs.motion.config.race import RaceConfig
from engine.labs.motion.config.restore import RestoreConfig, restore_cost
from engine.labs.motion.config.retention import RetentionConfig, retention_cost
from engine.labs.motion.config.retrain import RetrainConfig, retrain_cost
from engine.labs.motion.config.sides import SidesConfig, sides_cost
from engine.labs.motion.config.story import StoryConfig
from engine.labs.motion.config.transient import TransientConfig, transient_version
from engine.labs.motion.papers import PAPERS
from engine.labs.motion.shipped import weights_version

if TYPE_CHECKING:
    from engine.models.ssm import selective_scan

__all__ = ["LAB", "selective_scan"]


def _race_cost(config: RaceConfig) -> float:
    """CPU seconds; the longest sequence takes about as much as all others together."""
    size = config.channels * config.batch / 256 * (config.longest / 4096) ** 1.3
    return min(float(config.budget_s), 2.0 + 5.0 * size * (config.repeats + 1))


def _clip_cost(config: ClipConfig) -> float:
    """CPU seconds: a pass over five seconds is about a hundredth of one, twice a step."""
    if config.clip_from != "model":
        return 2.0
    return 1.0 + 0.01 * config.steps * config.seconds / 5


LAB = Lab(
    name="motion",
    title="Motion",
    sentence="Skeletons that move by state-space models: what a model of motion remembers of every "
    "earlier frame, and what it forgets.",
    experiments=(
        Experiment(
            "lens",
            "Memory lens",
            LensConfig,
            "engine.labs.motion.memory.lens:lens",
            version=weights_version(3),
            cost_seconds=lens_cost,
            memory_mb=3072,
        ),
        Experiment(
            "erase",
            "Every frame erased in turn",
            EraseConfig,
            "engine.labs.motion.memory.erase:erase",
            version=weights_version(2),
            cost_seconds=erase_cost,
            memory_mb=3072,
        ),
        Experiment(
            "lanes",
            "The same text through every model",
            LanesConfig,
            "engine.labs.motion.lanes:lanes",
            version=weights_version(2),
            cost_seconds=lanes_cost,
            memory_mb=2048,
        ),
        Experiment(
            "storyline",
            "Story timeline",
            StoryConfig,
            "engine.labs.motion.story.run:story",
            version=weights_version(3),
            # Clips are found in a moment; a model makes every segment.
            cost_seconds=lambda settings: (
                2.0 if settings.source in ("procedural", "recorded") else 15.0 * settings.rounds
            ),
            memory_mb=3000,
        ),
        Experiment(
            "retention",
            "Retention",
            RetentionConfig,
            "engine.labs.motion.memory.retention:retention",
            version=weights_version(2),
            cost_seconds=retention_cost,
            memory_mb=3072,
        ),
        Experiment(
            "denoise",
            "One clip at every step of its sampling",
            DenoiseConfig,
            "engine.labs.motion.denoising:film",
            version=weights_version(3),
            cost_seconds=denoise_cost,
            memory_mb=2048,
        ),
        Experiment(
            "race",
            "Scan race",
            RaceConfig,
            "engine.labs.motion.race.run:race",
            # Without weights_version: the race has no model, only scans of invented numbers.
            version=1,
            cost_seconds=_race_cost,
        ),
        Experiment(
            "clip",
            "Trajectory and joints",
            ClipConfig,
            "engine.labs.motion.clips:clip",
            version=weights_version(2),
            cost_seconds=_clip_cost,
        ),
        Experiment(
            "sides",
            "Left or right",
            SidesConfig,
            "engine.labs.motion.sides:sides",
            version=weights_version(2),
            cost_seconds=sides_cost,
        ),
        Experiment(
            "restore",
            "Masked tokens restored",
            RestoreConfig,
            "engine.labs.motion.masking.run:restore",
            version=weights_version(2),
            cost_seconds=restore_cost,
            memory_mb=2048,
        ),
        Experiment(
            "retrain",
            "Retrain in two minutes",
            RetrainConfig,
            "engine.labs.motion.lesson.run:retrain",
            version=weights_version(1),
            cost_seconds=retrain_cost,
            memory_mb=2048,
        ),
        Experiment(
            "transient",
            "Two channels on a toy scene",
            TransientConfig,
            "engine.labs.motion.transient.run:transient",
            version=transient_version(1),
            cost_seconds=lambda settings: 2.0,
            memory_mb=2048,
        ),
    ),
    papers=PAPERS,
    commands={
        "convert": "engine.labs.motion.commands:convert",
        "generate": "engine.labs.motion.commands_models:generate",
        "evaluate": "engine.labs.motion.commands_models:evaluate",
        "story": "engine.labs.motion.commands_story:story",
        "import": "engine.labs.motion.commands_import:import_folder",
    },
    folder=Path(__file__).parent,
    claims="engine.labs.motion.views.claims:CLAIMS",
)


def __getattr__(name: str) -> Any:
    """``selective_scan``, when it is asked for: a registered lab has not loaded torch."""
    if name != "selective_scan":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from engine.models.ssm import selective_scan

    return selective_scan
