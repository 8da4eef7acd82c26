"""Names of what the lab ships: small corpora of its own with questions."""

from __future__ import annotations

from pathlib import Path

from engine.core.assets import ASSETS

SAMPLES = {"harbour": "Sixteen notes about an invented harbour town, and eight questions"}


def sample_path(name: str, part: str) -> Path:
    """The file of a sample; ``part`` is "corpus" or "questions"."""
    return ASSETS / "samples" / "memory_graph" / f"{name}_{part}.jsonl"
