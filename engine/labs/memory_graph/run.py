"""Each experiment of the lab: a config and a context in, a Result out."""

from __future__ import annotations

from pathlib import Path

from engine.core.context import Context
from engine.core.result import Result
from engine.labs.memory_graph import evaluate as evaluating
from engine.labs.memory_graph.config import EvaluateConfig
from engine.labs.memory_graph.sources import SAMPLES, sample_path


def evaluate(config: EvaluateConfig, context: Context) -> Result:
    """Recall of one retriever on one set of questions."""

    def read(value: str, field: str) -> Path | bytes:
        return sample_path(value, field) if value in SAMPLES else context.read_input(value)

    return evaluating.evaluate(config, read, context.progress)
