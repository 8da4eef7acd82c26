"""Where things are kept and how much may be kept: read from the environment, once per question."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from engine.core.errors import BadInput

MB = 1_000_000


def home_folder() -> Path:
    """``ENGRAM_HOME``, else the user's data folder for ``engram-lab`` (not created here)."""
    chosen = os.environ.get("ENGRAM_HOME", "").strip()
    folder = Path(chosen).expanduser() if chosen else platformdirs.user_data_path("engram-lab")
    return folder.resolve()


def log_file(home: Path) -> Path:
    """Where tracebacks go: only a maintainer wants to read them."""
    return home / "logs" / "engine.log"


def number(name: str, default: float, *, least: float = 1) -> float:
    """A limit from the environment; raises BadInput when it is no number or below ``least``."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise BadInput(name, f"a number is required (got {text[:40]!r})") from None
    if not least <= value < float("inf"):
        raise BadInput(name, f"a number of at least {least:g} is required (got {text[:40]!r})")
    return value
