"""How one clip comes out of noise, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.labs.motion.config.lanes import STEP_SECONDS, TEXT
from engine.labs.motion.data.words import MOST_CHARACTERS
from engine.labs.motion.shipped import is_shipped, vocabulary_of


class DenoiseConfig(Config):
    """One clip of one model, and what is kept of each of its steps."""

    model: Literal["motion-mamba", "transformer", "kmm"] = Field(
        "motion-mamba",
        title="Model",
        json_schema_extra={"widget": "select", "help": "KMM has no noise: it unmasks tokens"},
    )
    text: str = Field(
        TEXT,
        min_length=1,
        max_length=MOST_CHARACTERS,
        title="Text",
        json_schema_extra={"widget": "area", "help": "the models read its first 24 known words"},
    )
    seconds: float = Field(
        4.0,
        ge=2,
        le=9.5,
        title="Length",
        json_schema_extra={"unit": "s", "step": 0.5, "help": "of one piece: up to 9.5 s"},
    )
    seed: int = Field(0, ge=0, le=1_000_000, title="Seed")
    steps: int = Field(20, ge=2, le=50, title="Steps")
    guidance: float = Field(
        2.5,
        ge=0,
        le=10,
        title="Guidance",
        json_schema_extra={"step": 0.5, "help": "1 takes the text as it is, more exaggerates it"},
    )

    def fits(self, read: Callable[[str], bytes]) -> None:
        """Raise BadInput for a model that is not here, and a text without a word that it knows."""
        if not is_shipped(self.model):
            raise BadInput("model", f"{self.model!r} is not in this checkout; `make train-motion`")
        vocabulary_of(self.model).read(self.text)


def denoise_cost(config: DenoiseConfig) -> float:
    """CPU seconds: opening the model, then its steps, each with and without the text."""
    return 1 + STEP_SECONDS * config.steps * config.seconds
