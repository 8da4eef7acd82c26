"""Two memories side by side, and one with each of its constants varied."""

from __future__ import annotations

from typing import Self

from pydantic import Field, field_validator, model_validator

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.labs.memory_hardware.config.generation import (
    MOST_TOKENS,
    GenerationConfig,
    Machine,
    Served,
    change_field,
    device_field,
    start_field,
)
from engine.labs.memory_hardware.device import load_device, parse_changes


class WhatIfConfig(GenerationConfig):
    """The same tokens on memory A (``device``, ``change``) and on memory B."""

    other: str = device_field("Memory B", "aim")
    other_change: str = change_field("Changed constants of B")

    @field_validator("other")
    @classmethod
    def _other_known(cls, name: str) -> str:
        return cls._known(name)

    @model_validator(mode="after")
    def _other_possible(self) -> Self:
        try:
            load_device(self.other).changed(parse_changes(self.other_change))
        except BadInput as error:
            raise BadInput("other_change", error.reason) from None
        return self

    @property
    def first(self) -> Machine:
        """Memory A."""
        return Machine.build(device=self.device, change=self.change)

    @property
    def second(self) -> Machine:
        """Memory B."""
        return Machine.build(device=self.other, change=self.other_change)


class TornadoConfig(Served):
    """Each constant of a memory that time depends on, divided and multiplied by a factor."""

    tokens: int = Field(1024, ge=1, le=MOST_TOKENS, title="Tokens")
    start: int = start_field()
    factor: float = Field(
        2.0,
        ge=1.01,
        le=10,
        title="Each constant divided and multiplied by",
        json_schema_extra={
            "widget": "number",
            "help": "cycles and counts are rounded to whole numbers; what is then impossible is "
            "left out and said",
        },
    )

    @model_validator(mode="after")
    def _room(self) -> Self:
        if self.start + self.tokens > MOST_TOKENS:
            raise ValueError(f"context and tokens together may be at most {MOST_TOKENS}")
        return self


class EstimateConfig(Config):
    """Changes of PIM-GPT whose effect on GPT3-XL was also estimated on paper."""

    tokens: int = Field(1024, ge=1, le=MOST_TOKENS, title="Tokens")
    head: bool = Field(
        True,
        title="Language-model head",
        json_schema_extra={"help": "the product with the vocabulary after the last layer"},
    )
