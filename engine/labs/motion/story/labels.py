"""Segments by short names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PERSON = "a person "


def label(segment: Mapping[str, Any]) -> str:
    """What is done, without who does it, and where to: "walks forward to the door"."""
    said = str(segment["text"]).removeprefix(PERSON)
    place = segment["place"]
    if segment["kind"] in ("way", "fill") and place:
        joint = "in a" if place in ("circle", "square", "wave") else "to the"
        said = f"{said} {joint} {place}"
    return f"{said} (held)" if segment["kind"] == "hold" else said
