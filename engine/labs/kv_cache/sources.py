"""Names of what the lab ships: the embedded model and its own sample texts."""

from __future__ import annotations

import os
from pathlib import Path

from engine.core.assets import ASSETS
from engine.models.embedded import EMBEDDED, EMBEDDED_FOLDER

__all__ = ["EMBEDDED", "EMBEDDED_FOLDER", "SAMPLES", "model_shelf", "sample_path"]

SAMPLES = {
    "handbook": "A handbook of this lab's own parts, in the manner of reference documentation",
    "stories": "Six short stories in plain words",
}


def model_shelf() -> Path | None:
    """The folder whose model folders a server offers to everyone (ENGRAM_MODELS), if any."""
    named = os.environ.get("ENGRAM_MODELS")
    return Path(named).expanduser().resolve() if named and Path(named).is_dir() else None


def sample_path(name: str) -> Path:
    """The file of a shipped sample text."""
    return ASSETS / "samples" / "kv_cache" / f"{name}.txt"
