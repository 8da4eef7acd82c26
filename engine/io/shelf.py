"""The folder whose models a server offers to everyone."""

from __future__ import annotations

import os
from pathlib import Path


def model_shelf() -> Path | None:
    """The folder whose model folders everyone may use (ENGRAM_MODELS), if any."""
    named = os.environ.get("ENGRAM_MODELS")
    return Path(named).expanduser().resolve() if named and Path(named).is_dir() else None
