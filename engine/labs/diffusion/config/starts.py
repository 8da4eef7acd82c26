"""Settings of the search from many starts."""

from __future__ import annotations

from pydantic import Field

from engine.labs.diffusion.config.model import Modelled
from engine.labs.diffusion.config.seeds import seed_field
from engine.labs.diffusion.names import Rung


class StartsConfig(Modelled):
    """A copied and a never-seen picture on the unpruned model, searched for from random starts."""

    searched: Rung = Field("A", title="Pictures to search for")
    which: int = Field(
        0, ge=0, le=7, title="Picture of the set", json_schema_extra={"widget": "number"}
    )
    starts: int = Field(4, ge=2, le=8, title="Random starts")
    search_steps: int = Field(50, ge=1, le=200, title="Search steps")
    sparsity: float = Field(0.2, ge=0.0, le=0.6, title="Sparsity", json_schema_extra={"step": 0.01})
    tau: int = Field(5, ge=1, le=20, title="Tau", json_schema_extra={"unit": "steps"})
    search_seed: int = seed_field("Seed of the search", advanced=True)


def starts_seconds(config: StartsConfig) -> float:
    """CPU seconds on the default model: as an attack on so many pictures, twice."""
    return 6 + 2 * config.starts * (0.05 * config.search_steps + 0.3)
