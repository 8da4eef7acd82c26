"""Where the embedded language model lies, for whoever must not load it (it needs torch)."""

from __future__ import annotations

import zlib

from engine.core.assets import ASSETS

EMBEDDED = "engram-lm"
EMBEDDED_FOLDER = ASSETS / "models" / "lm"


def weights_version() -> int:
    """A number that changes with the embedded model's weights, so that old results do not stay."""
    weights = EMBEDDED_FOLDER / "model.safetensors"
    return zlib.crc32(weights.read_bytes()) if weights.is_file() else 0
