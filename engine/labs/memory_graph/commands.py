"""The lab's own commands for the command line: ``evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.core.arguments import ExperimentCommand
from engine.core.result import Result
from engine.labs.memory_graph.config import FILES, EvaluateConfig


def _tell(config: EvaluateConfig, result: Result) -> dict[str, Any]:
    """Recall in percent and CPU seconds in one flat object, next to what they were measured on."""
    low, high = result["interval"].at(measure=0).array[:, 1]
    notes = result.notes
    return {
        "method": config.method,
        "files": {name: Path(getattr(config, name)).name or None for name in FILES},
        "unit": "percent",
        **result.metrics,
        "index_seconds": notes["index_seconds"],
        "query_seconds_median": notes["query_seconds_median"],
        "recall@5_interval": [float(low), float(high)],
        "by_group": {
            name: dict(zip(_keys(notes["cutoffs"]), row, strict=True))
            for name, row in zip(notes["groups"], _rows(result, "recall_by_group"), strict=True)
        },
        "by_hop": [
            dict(zip(_keys(notes["cutoffs"]), row, strict=True))
            for row in _rows(result, "recall_by_hop")
        ],
        "left_out": notes["left_out"],
    }


def _keys(cutoffs: list[int]) -> list[str]:
    return [f"recall@{k}" for k in cutoffs]


def _rows(result: Result, name: str) -> list[list[float]]:
    return result.array(name).tolist() if name in result.fields else []


# Recall of one retriever on one set of questions.
evaluate = ExperimentCommand("evaluate", _tell)
