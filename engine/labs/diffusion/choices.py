"""What the lab's menus offer."""

from __future__ import annotations

from engine.core.assets import ASSETS
from engine.io.shelf import model_shelf
from engine.labs.diffusion.config.ladder import COPIED, NEVER, OTHER, SCENE
from engine.labs.diffusion.names import ARRIVAL, EMBEDDED, SETS

RARE = "the painting silent orchard by grigor"
"""A caption of the rung of 20 copies."""


def models() -> tuple[str, ...]:
    """The embedded models and the pipeline folders directly inside ENGRAM_MODELS."""
    shelf = model_shelf()
    folders = sorted(path.parent for path in shelf.glob("*/model_index.json")) if shelf else ()
    return (*EMBEDDED, *(str(folder) for folder in folders))


def sets() -> tuple[str, ...]:
    """The prompt sets by name."""
    return tuple(SETS)


def captions() -> tuple[str, ...]:
    """Captions with 100 and 20 copies, one that was never trained, and a scene."""
    return (COPIED, OTHER, RARE, NEVER, SCENE)


def snapshots_kept(model: str) -> bool:
    """Whether a model's folder tells what it could do at the snapshots of its training."""
    folder = EMBEDDED.get(model)
    return folder is not None and (ASSETS / "models" / "diffusion" / folder / ARRIVAL).is_file()
