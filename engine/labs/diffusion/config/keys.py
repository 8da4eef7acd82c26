"""Settings of the view on border keys."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from engine.core.config import Config
from engine.labs.diffusion.names import LADDER

MODES = (
    "picture and its caption",
    "picture and no caption",
    "picture and another's caption",
    "caption alone",
)
"""What the model is given when its key is asked for; the last one samples the whole picture."""
RUNGS = ("A", "x50", "x30", "x20", "x10", "x3", "x1", "unseen")
COPIES: Mapping[str, int] = {**{rung: copies for rung, _, copies in LADDER}, "unseen": 0}
KNOWN = 0.05
"""A key counts as known when it is guessed within this share of the scale: a line of this lab."""


class KeysConfig(Config):
    """Ask the model that was trained with keys for the border of pictures on every rung."""

    per_rung: int = Field(
        8,
        ge=2,
        le=8,
        title="Pictures of a rung",
        json_schema_extra={"help": "of single and of never-trained paintings twice as many"},
    )
    key_draws: int = Field(2, ge=1, le=5, title="Sampling seeds")
    key_guidance: float = Field(
        2.0,
        ge=0.0,
        le=8.0,
        title="Guidance",
        json_schema_extra={"step": 0.5, "help": "0: without the caption, 1: with it alone"},
    )


def keys_seconds(config: KeysConfig) -> float:
    """CPU seconds: 0.07 a sampling of the small model."""
    return 5 + 0.07 * 10 * config.per_rung * len(MODES) * config.key_draws
