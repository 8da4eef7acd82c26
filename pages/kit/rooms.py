"""Which labs have a page."""

from __future__ import annotations

from pathlib import Path

from engine.core import Lab, labs

PAGES = Path(__file__).parents[1]


def shown_labs() -> list[Lab]:
    """The labs that have a page; the others can be used from scripts only."""
    return [lab for lab in labs().values() if (PAGES / f"{lab.name}.py").is_file()]
