"""A small Motion Mamba, trained while one watches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from engine.core.config import Config

# Steps of 16 clips that take one CPU second on the machine where this was measured.
STEPS_A_SECOND = 11
SETS: Mapping[str, tuple[str, ...]] = {
    "turns": ("walk-turn-left", "walk-turn-right"),
    "hands": ("wave-left-hand", "wave-right-hand", "raise-up-both-hands"),
    "six": ("walk", "walk-turn-left", "walk-turn-right", "wave-left-hand", "wave-right-hand",
            "jump"),
}  # fmt: skip


class RetrainConfig(Config):
    """Which actions are learnt, for how long, and by how large a network."""

    actions: Literal["turns", "hands", "six"] = Field(
        "six",
        title="Actions",
        json_schema_extra={
            "help": "turns: walking and turning to either side; hands: waving left or right, "
            "raising both; six: walking, both turns, both waves, jumping"
        },
    )
    budget: int = Field(
        60,
        ge=20,
        le=150,
        title="Training",
        json_schema_extra={
            "unit": "CPU s",
            "step": 10,
            "help": "11 steps of 16 clips a second, as where it was measured; the steps are the "
            "same everywhere",
        },
    )
    width: Literal[64, 96, 128] = Field(
        96, title="Width", json_schema_extra={"help": "of the tokens and of the scans"}
    )
    rate: float = Field(
        2.0,
        ge=0.1,
        le=10,
        title="Learning rate",
        json_schema_extra={"unit": "per 1,000", "step": 0.1, "advanced": True},
    )
    guidance: float = Field(
        2.5,
        ge=0,
        le=10,
        title="Guidance",
        json_schema_extra={"step": 0.5, "help": "1 takes the text as it is, more exaggerates it"},
    )
    seed: int = Field(0, ge=0, le=1_000_000, title="Seed")

    @property
    def steps(self) -> int:
        """Steps of training."""
        return round(self.budget * STEPS_A_SECOND)


def retrain_cost(config: RetrainConfig) -> float:
    """CPU seconds: the training, and the clips sampled on the way."""
    return 8.0 + config.budget * (0.3 + 0.7 * config.width / 96)
