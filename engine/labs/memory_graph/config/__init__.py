"""The settings of every experiment, by what they ask about."""

from engine.labs.memory_graph.config.files import FILES, UPLOAD, Files, Memories
from engine.labs.memory_graph.config.retrieval import (
    DEFAULT_PASSAGE,
    DEFAULT_QUESTION,
    Asked,
    DuelConfig,
    EvaluateConfig,
    Method,
    Retrieval,
    WavefrontConfig,
    WhyConfig,
)

__all__ = [
    "DEFAULT_PASSAGE",
    "DEFAULT_QUESTION",
    "FILES",
    "UPLOAD",
    "Asked",
    "DuelConfig",
    "EvaluateConfig",
    "Files",
    "Memories",
    "Method",
    "Retrieval",
    "WavefrontConfig",
    "WhyConfig",
]
