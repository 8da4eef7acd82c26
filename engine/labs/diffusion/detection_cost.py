"""CPU seconds of a run on two cores, said before it starts."""

from __future__ import annotations

from engine.labs.diffusion.config import DetectionConfig, ScoresConfig
from engine.labs.diffusion.cost import OTHER_PICTURE, STEPS
from engine.labs.diffusion.names import EMBEDDED

OPENING = 2.0
STEP = 0.007
"""One step of one picture with both halves and open attention, measured."""
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
    return OPENING + picture_steps * (STEP if model in EMBEDDED else OTHER_PICTURE / STEPS)
