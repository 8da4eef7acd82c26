"""What runs on what: a model, a memory with changed constants, and how many tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.io.paths import local_path, read_file
from engine.labs.memory_hardware.device import device_names, load_device, parse_changes
from engine.labs.memory_hardware.shapes import CONFIG_BYTES, SHAPES, load_shape

UPLOAD = "input:"
MOST_TOKENS = 8192
Layout = Literal["row", "column"]


def model_field(default: str = "gpt2-xl") -> Any:
    """A field that names a model: one of ours, or a ``config.json``."""
    return Field(
        default,
        title="Model",
        min_length=1,
        max_length=1024,
        json_schema_extra={
            "widget": "source",
            "options": "engine.labs.memory_hardware.choices:models",
            "help": "a named shape, or the config.json of a dense decoder (GPT, Llama, Qwen, ...)",
        },
    )


def device_field(title: str = "Memory", default: str = "pim-gpt") -> Any:
    """A field that names a preset of a device."""
    return Field(
        default,
        title=title,
        max_length=40,
        json_schema_extra={
            "widget": "combo",
            "options": "engine.labs.memory_hardware.choices:devices",
        },
    )


def change_field(title: str = "Changed constants") -> Any:
    """A field of constants that differ from the preset."""
    return Field(
        "",
        title=title,
        max_length=500,
        json_schema_extra={"help": "such as timing.rp=18 mac.lanes=32; empty: the preset's"},
    )


def start_field() -> Any:
    """A field of the tokens before the first one that is counted."""
    return Field(
        0,
        ge=0,
        le=MOST_TOKENS - 1,
        title="Context before",
        json_schema_extra={
            "unit": "tokens",
            "advanced": True,
            "help": "tokens that are in the cache already",
        },
    )


class Machine(Config):
    """A device, and what is changed in it."""

    device: str = device_field()
    change: str = change_field()

    @field_validator("device")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in device_names():
            raise ValueError(f"must be one of {', '.join(device_names())}")
        return name

    @model_validator(mode="after")
    def _possible(self) -> Self:
        try:
            load_device(self.device).changed(parse_changes(self.change))
        except BadInput as error:
            raise BadInput("change", error.reason) from None
        return self


class Hosted(Machine):
    """A model on a device."""

    model: str = model_field()

    def admit(self, *, local: bool) -> None:
        """Named shapes and uploads; a page reads no other file of its machine."""
        if self.model not in SHAPES and not self.model.startswith(UPLOAD):
            raise BadInput("model", f"must be one of {', '.join(SHAPES)} or an uploaded config")

    def grounded(self, put: Callable[[bytes, str], str]) -> Self:
        """A ``config.json`` becomes the address of its content."""
        if self.model in SHAPES or self.model.startswith(UPLOAD):
            return self
        path = local_path(self.model, field="model")
        if not path.is_file():
            raise BadInput("model", f"{self.model[:80]!r} is neither a config.json nor one of "
                           f"{', '.join(SHAPES)}")  # fmt: skip
        data = read_file(path, field="model", limit=CONFIG_BYTES)
        return self.model_copy(update={"model": put(data, path.name)})

    def fits(self, read: Callable[[str], bytes]) -> None:
        """The config must describe a model that can be mapped."""
        load_shape(self.model, read)


class LaidOut(Hosted):
    """A model on a device, and how its numbers lie there."""

    key_layout: Layout = Field(
        "row",
        title="Keys lie",
        json_schema_extra={
            "help": "row: a key in one bank, the next key in the next; column: a dimension in one "
            "bank, tokens along its rows"
        },
    )
    value_layout: Layout = Field(
        "column",
        title="Values lie",
        json_schema_extra={"help": "column: a dimension in one bank, tokens along its rows"},
    )
    weights: Literal["columns", "rows"] = Field(
        "columns",
        title="Weights dealt by",
        json_schema_extra={
            "advanced": True,
            "help": "columns: output columns over all banks; rows: a channel holds a part of the "
            "inputs, and the ASIC adds what the channels return",
        },
    )
    head: bool = Field(
        True,
        title="LM head",
        json_schema_extra={"help": "the product with the vocabulary after the last layer"},
    )


class Served(LaidOut):
    """With what can be done at the same time or left out."""

    overlap: bool = Field(
        False,
        title="Input beneath the rows",
        json_schema_extra={
            "advanced": True,
            "help": "two halves of the buffer: while one is multiplied the other is filled",
        },
    )
    refresh: bool = Field(
        True,
        title="Refresh",
        json_schema_extra={"help": "off: as if rows never faded; shows what refresh costs"},
    )


class GenerationConfig(Served):
    """A prompt is processed and tokens are generated, after a context that is there already."""

    tokens: int = Field(1024, ge=1, le=MOST_TOKENS, title="Tokens to generate")
    prompt: int = Field(
        0,
        ge=0,
        le=MOST_TOKENS - 1,
        title="Prompt",
        json_schema_extra={
            "unit": "tokens",
            "help": "processed first, token by token: the memory has no matrix-matrix unit",
        },
    )
    start: int = start_field()

    @model_validator(mode="after")
    def _room(self) -> Self:
        whole = self.start + self.prompt + self.tokens
        if whole > MOST_TOKENS:
            raise BadInput("tokens", f"with prompt and context must be at most {MOST_TOKENS:,} "
                           f"(got {whole:,})")  # fmt: skip
        return self
