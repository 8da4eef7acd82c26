"""Settings of the bucket view: how thoughts are hashed, probed and rewritten."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.labs.memory_graph.config.question import OneQuestion

TRADED = (8, 16, 32, 64)
"""The numbers of buckets that are compared."""


class BucketsConfig(OneQuestion):
    """Think-in-Memory: thoughts hashed into buckets, recalled and rewritten bucket by bucket."""

    buckets: Literal[8, 16, 32, 64] = Field(
        32, title="Buckets", json_schema_extra={"help": "b: even, since each axis has two ends"}
    )
    bucket_probes: int = Field(
        1,
        ge=1,
        le=8,
        title="Buckets looked into",
        json_schema_extra={"help": "1: the question's own; more: the next likeliest ones"},
    )
    hash_seed: int = Field(
        0, ge=0, le=9999, title="Hash seed", json_schema_extra={"help": "draws the matrix R"}
    )
    thought: str = Field(
        "",
        title="Insert a sentence",
        max_length=1000,
        json_schema_extra={
            "widget": "area",
            "help": "two names and the words between them make a thought; several sentences are "
            "inserted in their order",
        },
    )
    functional: str = Field(
        "belongs to, lives in, works at",
        title="Relations with one tail",
        max_length=400,
        json_schema_extra={
            "help": "by rule: a newer thought with the same head and such a relation makes its "
            "bucket forget the older one; separated by commas"
        },
    )
    recall_k: int = Field(
        10,
        ge=1,
        le=50,
        title="Nearest looked for (k)",
        json_schema_extra={"advanced": True},
    )
    shortened: Literal["svd", "projection"] = Field(
        "svd",
        title="Vectors shortened by",
        json_schema_extra={
            "advanced": True,
            "help": "svd: singular vectors of the thoughts; projection: a random matrix",
        },
    )
    vector_width: int = Field(
        64,
        ge=8,
        le=256,
        title="Numbers in a vector",
        json_schema_extra={"advanced": True},
    )
    hash_trials: int = Field(
        20,
        ge=5,
        le=100,
        title="Hash seeds compared",
        json_schema_extra={"advanced": True},
    )

    @property
    def relations(self) -> tuple[str, ...]:
        """The functional relations in lower case."""
        parts = (part.strip().lower() for part in self.functional.split(","))
        return tuple(dict.fromkeys(part for part in parts if part))
