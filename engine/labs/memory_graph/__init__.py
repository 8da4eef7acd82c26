"""The memory-graph lab: notes that link, evolve, forget and answer."""

from __future__ import annotations

from pathlib import Path

from engine.core.registry import Experiment, Lab
from engine.labs.memory_graph import config
from engine.labs.memory_graph.papers import PAPERS

__all__ = ["LAB"]

LAB = Lab(
    name="memory_graph",
    title="Memory graph",
    sentence="How a graph of facts remembers: where a question's attention spreads, which passages "
    "it reaches, and why.",
    experiments=(
        Experiment(
            "evaluate",
            "Recall of one retriever",
            config.EvaluateConfig,
            "engine.labs.memory_graph.run:evaluate",
        ),
    ),
    papers=PAPERS,
    commands={
        "evaluate": "engine.labs.memory_graph.commands:evaluate",
        "embed": "engine.labs.memory_graph.commands_embed:embed",
    },
    folder=Path(__file__).parent,
)
