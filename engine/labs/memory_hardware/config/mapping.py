"""Where the numbers of one matrix or cache lie, and what the layout of the cache costs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.labs.memory_hardware.config.generation import MOST_TOKENS, LaidOut

Matrix = Literal["QKV", "projection", "FFN in", "FFN out", "head", "keys", "values"]
WIDE, HIGH = 192, 96
FURTHEST = 10_000_000


class MappingConfig(LaidOut):
    """A window of ``HIGH`` by ``WIDE`` numbers of a matrix (or a cache) and their places."""

    matrix: Matrix = Field("values", title="Matrix", json_schema_extra={"widget": "select"})
    tokens: int = Field(
        1024,
        ge=1,
        le=MOST_TOKENS,
        title="Tokens in the cache",
        json_schema_extra={"unit": "tokens"},
    )
    top: int = Field(0, ge=0, le=FURTHEST, title="First row shown")
    left: int = Field(0, ge=0, le=FURTHEST, title="First column shown")
