"""What a whole memory's map can be asked."""

from __future__ import annotations

from pydantic import Field

from engine.labs.memory_graph.config.files import Described

MOST_NODES = 20_000
MOST_EDGES = 60_000


class OverviewConfig(Described):
    """A memory built from documents, its map, and the communities on it."""

    grain: float = Field(
        1.0,
        ge=0.2,
        le=4.0,
        title="Grain",
        json_schema_extra={
            "step": 0.1,
            "help": "resolution of the communities: larger gives more and smaller ones",
        },
    )
    seed: int = Field(0, ge=0, le=9999, title="Seed", json_schema_extra={"advanced": True})
