"""Names of what the lab ships: the embedded model and its own sample texts."""

from __future__ import annotations

from pathlib import Path

from engine.core.assets import ASSETS
from engine.models.embedded import EMBEDDED, EMBEDDED_FOLDER

__all__ = ["EMBEDDED", "EMBEDDED_FOLDER", "SAMPLES", "sample_path"]

SAMPLES = {
    "handbook": "A handbook of this lab's own parts, in the manner of reference documentation",
    "stories": "Six short stories in plain words",
}


def sample_path(name: str) -> Path:
    """The file of a shipped sample text."""
    return ASSETS / "samples" / "kv_cache" / f"{name}.txt"
