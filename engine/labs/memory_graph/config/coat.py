"""Settings of the search-tree view."""

from __future__ import annotations

from pydantic import Field

from engine.labs.memory_graph.config.question import OneQuestion


class CoatConfig(OneQuestion):
    """CoAT: Monte-Carlo tree search over the graph, with an associative memory at each thought."""

    simulations: int = Field(60, ge=1, le=400, title="Simulations")
    beta: float = Field(
        0.1,
        ge=0.0,
        le=2.0,
        title="Weight of association β",
        json_schema_extra={"help": "0.1 is assumed: the paper's default is not confirmed"},
    )
    exploration: float = Field(
        1.41,
        ge=0.0,
        le=5.0,
        title="Exploration c",
        json_schema_extra={"help": "weight of the second term of UCT; the square root of 2"},
    )
    search_depth: int = Field(4, ge=1, le=8, title="Depth limit")
    children: int = Field(
        8,
        ge=1,
        le=30,
        title="Children of a node",
        json_schema_extra={
            "advanced": True,
            "help": "which edges they follow is drawn by the seed",
        },
    )
    associations: int = Field(
        8, ge=1, le=30, title="Associations of a thought", json_schema_extra={"advanced": True}
    )
    tree_seed: int = Field(
        0, ge=0, le=9999, title="Seed of the tree", json_schema_extra={"advanced": True}
    )
