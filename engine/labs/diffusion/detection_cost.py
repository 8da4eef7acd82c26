"""CPU seconds of a run on two cores, said before it starts."""

from __future__ import annotations

from engine.labs.diffusion.config import DetectionConfig, ScoresConfig
from engine.labs.diffusion.names import EMBEDDED

OPENING = 2.0
STEP, FOREIGN = 0.007, 6.0
"""One step of one picture with both halves: measured for the embedded models, and an estimate for
a model of the size of Stable Diffusion."""
ORDINARY = 24


def scores(config: ScoresConfig) -> float:
    """The rail of scores."""
    return _sampled(config.model, (config.shown + ORDINARY) * config.steps)


def detection(config: DetectionConfig) -> float:
    """Detection, as if every set had as many prompts as are taken at most."""
    copied = 1 if config.own_copied else len(config.copied.split(","))
    against = 1 if config.own_ordinary else len(config.against.split(","))
    few = 8 if config.model in EMBEDDED and not config.own_copied else config.most
    prompts = copied * min(config.most, few) + against * config.most
    return _sampled(config.model, config.steps * (config.seeds * prompts + ORDINARY))


def _sampled(model: str, picture_steps: int) -> float:
    return OPENING + picture_steps * (STEP if model in EMBEDDED else FOREIGN)
