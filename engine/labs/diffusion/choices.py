"""What the lab's menus offer."""

from __future__ import annotations

from engine.io.shelf import model_shelf
from engine.labs.diffusion.names import EMBEDDED, SETS


def models() -> tuple[str, ...]:
    """The embedded models and the pipeline folders directly inside ENGRAM_MODELS."""
    shelf = model_shelf()
    folders = sorted(path.parent for path in shelf.glob("*/model_index.json")) if shelf else ()
    return (*EMBEDDED, *(str(folder) for folder in folders))


def sets() -> tuple[str, ...]:
    """The prompt sets by name."""
    return tuple(SETS)
