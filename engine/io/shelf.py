"""What a server offers to everyone: models by hub id, and the folder of its shelf."""

from __future__ import annotations

import os
from pathlib import Path

from engine.io.model_id import is_model_id
from engine.io.paths import local_path


def model_shelf() -> Path | None:
    """The folder whose model folders everyone may use (ENGRAM_MODELS), if any."""
    named = os.environ.get("ENGRAM_MODELS")
    return Path(named).expanduser().resolve() if named and Path(named).is_dir() else None


def is_offered(model: str, named: str) -> bool:
    """Whether a visitor of a server may open ``model``: a hub id, or a folder on the shelf.

    ``named`` is the model without the mark of its files. Raises BadInput for what is no path.
    """
    shelf, folder = model_shelf(), local_path(named, field="model")
    # "owner/name" may also be a folder below the one where the server was started.
    by_name = is_model_id(model) and not folder.exists()
    return by_name or (shelf is not None and folder.resolve().is_relative_to(shelf))
