"""The door for models by name: a hub id and nothing else, and only where downloads are allowed."""

from __future__ import annotations

import os
import re

from engine.core.errors import BadInput

MODEL_ID = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


def is_model_id(text: str) -> bool:
    """Whether ``text`` has the form "owner/name" (letters, digits, ``_``, ``.`` and ``-``)."""
    return (
        len(text) <= 200
        and MODEL_ID.fullmatch(text) is not None
        and not any(set(part) <= {"."} or part.startswith("-") for part in text.split("/"))
    )


def downloads_allowed() -> bool:
    """Whether ``ENGRAM_ALLOW_DOWNLOADS=1`` is set."""
    return os.environ.get("ENGRAM_ALLOW_DOWNLOADS", "").strip() == "1"


def check_model_id(text: str, *, field: str = "model") -> str:
    """``text`` if it is a hub id that may be downloaded; raises BadInput.

    Addresses (URLs), paths and anything else are never followed.
    """
    if not is_model_id(text):
        raise BadInput(
            field, f'{text[:80]!r} is neither a folder here nor a hub id of the form "owner/name"'
        )
    if not downloads_allowed():
        raise BadInput(
            field,
            f"{text!r} would have to be downloaded, which is off here; "
            "set ENGRAM_ALLOW_DOWNLOADS=1 or give a local folder",
        )
    return text
