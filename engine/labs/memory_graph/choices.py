"""What the widgets of this lab offer."""

from __future__ import annotations

from engine.labs.memory_graph.sources import SAMPLES


def samples() -> list[str]:
    """The shipped corpora."""
    return list(SAMPLES)
