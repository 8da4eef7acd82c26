"""The settings of every experiment, by what they ask about."""

from engine.labs.memory_graph.config.bench import BenchConfig
from engine.labs.memory_graph.config.buckets import BucketsConfig
from engine.labs.memory_graph.config.coat import CoatConfig
from engine.labs.memory_graph.config.contest import ContestConfig
from engine.labs.memory_graph.config.events import EventsConfig, OrderConfig
from engine.labs.memory_graph.config.evolution import MOST_NOTES, EvolutionConfig, Switches
from engine.labs.memory_graph.config.files import FILES, UPLOAD, Described, Files, Memories
from engine.labs.memory_graph.config.forgetting import ForgettingConfig
from engine.labs.memory_graph.config.hiagent import HiAgentConfig
from engine.labs.memory_graph.config.overview import OverviewConfig
from engine.labs.memory_graph.config.question import OneQuestion
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
    "MOST_NOTES",
    "UPLOAD",
    "Asked",
    "BenchConfig",
    "BucketsConfig",
    "CoatConfig",
    "ContestConfig",
    "Described",
    "DuelConfig",
    "EvaluateConfig",
    "EventsConfig",
    "EvolutionConfig",
    "Files",
    "ForgettingConfig",
    "HiAgentConfig",
    "Memories",
    "Method",
    "OneQuestion",
    "OrderConfig",
    "OverviewConfig",
    "Retrieval",
    "Switches",
    "WavefrontConfig",
    "WhyConfig",
]
