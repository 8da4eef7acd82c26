"""What the token view can be asked."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from engine.labs.diffusion.config.ladder import COPIED, LONGEST
from engine.labs.diffusion.config.model import Modelled
from engine.labs.diffusion.config.seeds import seed_field


def _prompt() -> Any:
    return Field(
        COPIED,
        title="Prompt",
        min_length=1,
        max_length=LONGEST,
        json_schema_extra={
            "widget": "combo",
            "options": "engine.labs.diffusion.choices:captions",
            "help": "a caption of the ladder, a scene, or words of your own",
        },
    )


class TokensConfig(Modelled):
    """Cross-attention of one prompt and seed, and the training pictures nearest to the picture."""

    prompt: str = _prompt()
    seed: int = seed_field("Seed")
    guidance: float = Field(
        2.0, ge=0.0, le=20.0, title="Guidance", json_schema_extra={"advanced": True}
    )
    steps: int = Field(20, ge=1, le=50, title="Steps", json_schema_extra={"advanced": True})


class WordsConfig(Modelled):
    """One word less, or another one in its place."""

    prompt: str = _prompt()
    swaps: int = Field(
        3,
        ge=0,
        le=11,
        title="Swaps of a word",
        json_schema_extra={"help": "other words of the same kind, drawn from the vocabulary"},
    )
    seeds: int = Field(3, ge=1, le=10, title="Sampling seeds")
    seed: int = seed_field()
