"""Names of the memories that need no upload, and where each comes from."""

from __future__ import annotations

from pathlib import Path

from engine.core.assets import ASSETS
from engine.labs.memory_graph.topics import topics_corpus

DIARY = "diary"
TOPICS = "python-topics"
SAMPLES = {
    DIARY: "An invented researcher's diary of one season, with questions about it",
    TOPICS: "The language reference that help() of the running Python reads, by paragraph",
}


def made_here(name: str) -> bytes | None:
    """The corpus of a sample that is made from the running interpreter; None for shipped files."""
    return topics_corpus() if name == TOPICS else None


def sample_path(name: str) -> Path:
    """The file of a shipped corpus."""
    return ASSETS / "samples" / "memory_graph" / f"{name}.jsonl"


def sample_questions(name: str) -> Path | None:
    """The file of the questions that came with a sample, or None."""
    path = sample_path(f"{name}_questions")
    return path if path.is_file() else None
