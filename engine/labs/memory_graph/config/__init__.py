"""The settings of every experiment, by what they ask about."""

from engine.labs.memory_graph.config.bench import BenchConfig
from engine.labs.memory_graph.config.files import FILES, UPLOAD, Files, Memories
from engine.labs.memory_graph.config.retrieval import (
    DEFAULT_QUESTION,
    FIRST_FOUND,
    Asked,
    DuelConfig,
    EvaluateConfig,
    Method,
    Retrieval,
    WavefrontConfig,
    WhyConfig,
)

__all__ = [
    "DEFAULT_QUESTION",
    "FILES",
    "FIRST_FOUND",
    "UPLOAD",
    "Asked",
    "BenchConfig",
    "DuelConfig",
    "EvaluateConfig",
    "Files",
    "Memories",
    "Method",
    "Retrieval",
    "WavefrontConfig",
    "WhyConfig",
]
