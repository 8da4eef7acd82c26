"""The test of left and right: mirrored sentences, and how often each is sampled."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field, field_validator

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.labs.motion.shipped import MODELS, shipped_models


class SidesConfig(Config):
    """Every model that is here on sentences that differ in left and right alone."""

    side_models: str = Field(
        ",".join(MODELS),
        title="Models",
        min_length=1,
        max_length=100,
        json_schema_extra={"help": "with commas between; those that are not here are left out"},
    )
    side_seeds: int = Field(
        8,
        ge=1,
        le=64,
        title="Seeds of each sentence",
        json_schema_extra={"help": "both sentences of a pair start from the same noise"},
    )
    side_seconds: float = Field(
        4.0, ge=1, le=9.5, title="Length", json_schema_extra={"unit": "s", "step": 0.5}
    )
    first_seed: int = Field(
        1000, ge=0, le=900_000, title="First seed", json_schema_extra={"advanced": True}
    )

    @field_validator("side_models")
    @classmethod
    def _known(cls, text: str) -> str:
        for name in _names(text):
            if name not in MODELS:
                raise ValueError(f"{name[:40]!r} is none of {', '.join(MODELS)}")
        return text

    @property
    def models(self) -> tuple[str, ...]:
        """The named models in the order of ``MODELS``."""
        return tuple(name for name in MODELS if name in _names(self.side_models))

    def fits(self, read: Callable[[str], bytes]) -> None:
        """One of the models must be here."""
        if not set(self.models) & set(shipped_models()):
            raise BadInput("side_models", f"none of {', '.join(self.models)} is in this checkout")


def sides_cost(config: SidesConfig) -> float:
    """Seconds on two cores: six pairs of sentences, so twelve clips a seed and model."""
    return 2.0 + 0.6 * config.side_seeds * len(config.models) * config.side_seconds


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
