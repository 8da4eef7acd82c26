"""The optional language model: an endpoint or a local model reads passages, notes and questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.labs.memory_graph.language.analyst import LanguageAnalyst
from engine.labs.memory_graph.language.budget import Budget, Metered
from engine.labs.memory_graph.language.endpoint import Endpoint
from engine.labs.memory_graph.language.extraction import Extraction, extract_with, replay
from engine.labs.memory_graph.language.question import QuestionReader
from engine.labs.memory_graph.language.record import Recorder, Replay

if TYPE_CHECKING:
    from engine.labs.memory_graph.language.local import LocalModel

__all__ = [
    "Budget",
    "Endpoint",
    "Extraction",
    "LanguageAnalyst",
    "LocalModel",
    "Metered",
    "QuestionReader",
    "Recorder",
    "Replay",
    "extract_with",
    "replay",
]


def __getattr__(name: str) -> Any:
    """``LocalModel``, when it is asked for: it alone needs torch."""
    if name != "LocalModel":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from engine.labs.memory_graph.language.local import LocalModel

    return LocalModel
