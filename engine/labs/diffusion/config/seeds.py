"""The field of a sampling seed, with one range in every experiment."""

from __future__ import annotations

from typing import Any

from pydantic import Field

MOST_SEED = 9999


def seed_field(title: str = "First seed", **extra: Any) -> Any:
    """A seed from 0 to 9,999; ``extra`` goes to the form."""
    return Field(0, ge=0, le=MOST_SEED, title=title, json_schema_extra=extra)
