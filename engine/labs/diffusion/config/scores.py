"""What the rail of scores is asked: a few prompts, and ordinary ones to compare with."""

from __future__ import annotations

from pydantic import Field

from engine.labs.diffusion.config.model import Modelled, prompts_field
from engine.labs.diffusion.config.seeds import seed_field

MOST_SHOWN = 8


class ScoresConfig(Modelled):
    """Every score at every step of a few prompts, with what the model predicts there."""

    prompts: str = prompts_field("A", "Prompts")
    skip: int = Field(
        0,
        ge=0,
        le=999,
        title="Prompts passed over",
        json_schema_extra={"advanced": True, "help": "begin with a later prompt of the set"},
    )
    shown: int = Field(4, ge=1, le=MOST_SHOWN, title="Prompts shown")
    ordinary: str = prompts_field(
        "unseen",
        "Ordinary prompts",
        "what the scores are compared with: a set, or prompts of your own, one a line",
    )
    seed: int = seed_field("Seed")
    steps: int = Field(20, ge=1, le=100, title="Steps", json_schema_extra={"advanced": True})
    guidance: float = Field(
        2.0, ge=0, le=20, title="Guidance", json_schema_extra={"advanced": True, "step": 0.5}
    )
