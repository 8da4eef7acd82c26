"""What is asked of a model's forgetting: one clip, one scan or all, and how far to look."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from engine.core.errors import BadInput
from engine.labs.motion.config.remembered import OneClip

FACTORS = (0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
SINGLE = (0.125, 8.0)  # factors of one scan alone
LONGEST = 2000


class RetentionConfig(OneClip):
    """Half-lives, decays and states of every scan, and clips of other step sizes."""

    stretched: Literal["all", "forwards", "backwards"] = Field(
        "all",
        title="Scans whose steps are multiplied",
        json_schema_extra={
            "widget": "select",
            "help": "for the ladder of step sizes; each scan alone is tried too",
        },
    )
    length: int = Field(
        LONGEST,
        ge=200,
        le=LONGEST,
        multiple_of=100,
        title="Frames of the long sequence",
        json_schema_extra={"help": "through the scans of the first layer alone; nothing is made"},
    )

    @model_validator(mode="after")
    def _has_scans(self) -> RetentionConfig:
        if self.model == "transformer":
            raise BadInput("model", "must be motion-mamba or kmm: a transformer has no state")
        return self


def retention_cost(config: RetentionConfig) -> float:
    """CPU seconds: a clip for every factor, two for each scan, and pieces of the long sequence."""
    clips = len(FACTORS) + 40 + config.length / 196
    return 5 + clips * config.steps * (0.0024 + 0.001 * config.seconds)
