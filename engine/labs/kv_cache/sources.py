"""Names of what the lab ships: the embedded model and its own sample texts."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from engine.core.assets import ASSETS

EMBEDDED = "engram-lm"
EMBEDDED_FOLDER = ASSETS / "models" / "lm"

SAMPLES = {
    "handbook": "A handbook of this lab's own parts, in the manner of reference documentation",
    "stories": "Six short stories in plain words",
}


def weights_version() -> int:
    """A number that changes with the embedded model's weights, so that old results do not stay."""
    weights = EMBEDDED_FOLDER / "model.safetensors"
    return zlib.crc32(weights.read_bytes()) if weights.is_file() else 0


def model_shelf() -> Path | None:
    """The folder whose model folders a server offers to everyone (ENGRAM_MODELS), if any."""
    named = os.environ.get("ENGRAM_MODELS")
    return Path(named).expanduser().resolve() if named and Path(named).is_dir() else None


def sample_path(name: str) -> Path:
    """The file of a shipped sample text."""
    return ASSETS / "samples" / "kv_cache" / f"{name}.txt"
