"""A toy scene, and the moment from which it is forecast."""

from __future__ import annotations

import zlib

from pydantic import Field

from engine.core.assets import ASSETS
from engine.core.config import Config

UNSEEN = 100  # scenes that no training has seen
WEIGHTS = ASSETS / "models" / "motion" / "transient" / "model.safetensors"


def transient_version(revision: int) -> int:
    """A result belongs to a revision of its code and to the weights that it was forecast with."""
    held = WEIGHTS.read_bytes() if WEIGHTS.is_file() else b""
    return revision << 32 | zlib.crc32(held)


class TransientConfig(Config):
    """Which scene, and the last second that is seen of it."""

    scene: int = Field(
        0, ge=0, le=UNSEEN - 1, title="Scene", json_schema_extra={"help": "none was trained on"}
    )
    moment: float = Field(
        2.5,
        ge=2.0,
        le=6.9,
        title="Forecast from",
        json_schema_extra={
            "unit": "s",
            "step": 0.1,
            "help": "two seconds before it are seen, two after it are forecast",
        },
    )
