"""The visitor's own clip beside the models'."""

from __future__ import annotations

from pydantic import Field

from engine.core.config import Config


class BesideConfig(Config):
    """A file of motion that is shown and measured, and is part of no result."""

    file: str = Field(
        "",
        title="BVH or NPZ file",
        max_length=80,
        json_schema_extra={
            "widget": "file",
            "help": "put on the lab's body (legs of 0.8 m), on its floor and to 20 frames a second",
        },
    )
