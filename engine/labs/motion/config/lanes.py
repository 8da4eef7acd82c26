"""The same text through every model that ships."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from engine.core.config import Config
from engine.labs.motion.data.words import MOST_CHARACTERS
from engine.labs.motion.shipped import MODELS, read_caption

TEXT = "a person walks and turns left"


class LanesConfig(Config):
    """One text, and how all models sample it."""

    text: str = Field(
        TEXT,
        min_length=1,
        max_length=MOST_CHARACTERS,
        title="Text",
        json_schema_extra={"widget": "area", "help": "the models read its first 24 known words"},
    )
    seconds: float = Field(
        5.0, ge=2, le=20, title="Length", json_schema_extra={"unit": "s", "step": 0.5}
    )
    seed: int = Field(0, ge=0, le=1_000_000, title="Seed")
    steps: int = Field(
        20,
        ge=1,
        le=100,
        title="Steps",
        json_schema_extra={"help": "of denoising, and of unmasking in KMM"},
    )
    guidance: float = Field(
        2.5,
        ge=0,
        le=10,
        title="Guidance",
        json_schema_extra={"step": 0.5, "help": "1 takes the text as it is, more exaggerates it"},
    )

    def fits(self, read: Callable[[str], bytes]) -> None:
        """Raise BadInput for a text without a word that the models know."""
        read_caption(self.text)


STEP_SECONDS = 0.003
"""CPU seconds of a step of one second of motion, with and without the text."""


def lanes_cost(config: LanesConfig) -> float:
    """CPU seconds: opening the models, then every step of every model."""
    return 1 + len(MODELS) * STEP_SECONDS * config.steps * config.seconds
