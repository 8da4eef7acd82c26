"""The clip that a memory is looked at in: which model makes it, of what text, how long."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable
from typing import Literal

from pydantic import Field

from engine.core.assets import ASSETS
from engine.core.config import Config
from engine.core.errors import BadInput
from engine.labs.motion.data.words import MOST_CHARACTERS, Vocabulary

TEXT = "a person walks and turns left"
MOST_STEPS = 50
_MODELS = ASSETS / "models" / "motion"


class Sampled(Config):
    """A model of motion, and how it samples."""

    model: Literal["motion-mamba", "kmm", "transformer"] = Field(
        "motion-mamba",
        title="Model",
        json_schema_extra={
            "widget": "select",
            "help": "motion-mamba and kmm remember in states; the transformer has none and looks "
            "everything up again",
        },
    )
    seconds: float = Field(
        5.0, ge=2, le=9.5, title="Length", json_schema_extra={"unit": "s", "step": 0.5}
    )
    steps: int = Field(
        20,
        ge=1,
        le=MOST_STEPS,
        title="Steps",
        json_schema_extra={"advanced": True, "help": "of denoising, and of unmasking in KMM"},
    )

    @abstractmethod
    def texts_of(self) -> tuple[str, ...]:
        """The captions that are read."""

    def fits(self, read: Callable[[str], bytes]) -> None:
        """Raise BadInput for a model that is not here, and for a text that it knows no word of."""
        path = _MODELS / self.model / "config.json"
        if not path.is_file():
            raise BadInput("model", f"{self.model!r} is not in this checkout; `make train-motion`")
        vocabulary = Vocabulary(tuple(json.loads(path.read_text(encoding="utf-8"))["words"]))
        for text in self.texts_of():
            vocabulary.read(text)


class OneClip(Sampled):
    """One clip of one text."""

    text: str = Field(
        TEXT,
        min_length=1,
        max_length=MOST_CHARACTERS,
        title="Text",
        json_schema_extra={"widget": "area", "help": "the models read its first 24 known words"},
    )
    seed: int = Field(0, ge=0, le=1_000_000, title="Seed")

    def texts_of(self) -> tuple[str, ...]:
        """The one caption."""
        return (self.text,)
