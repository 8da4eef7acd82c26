"""Names of what the lab ships: corpora of its own with questions."""

from __future__ import annotations

from pathlib import Path

from engine.core.assets import ASSETS

SAMPLES = {"diary": "An invented researcher's diary of one season, and questions about it"}


def sample_path(name: str, part: str) -> Path:
    """The file of a sample; ``part`` is "corpus" or "questions"."""
    ending = "" if part == "corpus" else f"_{part}"
    return ASSETS / "samples" / "memory_graph" / f"{name}{ending}.jsonl"
