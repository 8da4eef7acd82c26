"""The lab's own commands that run an experiment: ``evaluate`` and ``memories``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.core.arguments import ExperimentCommand
from engine.core.result import Result
from engine.labs.memory_graph.config import ContestConfig, EvaluateConfig


def _tell(config: EvaluateConfig, result: Result) -> dict[str, Any]:
    """Recall in percent and CPU seconds in one flat object, next to what they were measured on."""
    low, high = result["interval"].at(measure=0).array[:, 1]
    notes = result.notes
    return {
        "method": config.method,
        "alike": _alike(config),
        "files": {name: Path(getattr(config, name)).name or None for name in config.files},
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


def _alike(config: EvaluateConfig) -> str | None:
    """What HippoRAG 2 compares a question with facts and passages by."""
    walks = {config.method, *((config.mix_first,) if config.method == "mix" else ())}
    if "hipporag2" not in walks:
        return None
    return "vectors" if config.vectors else "words"


def _keys(cutoffs: list[int]) -> list[str]:
    return [f"recall@{k}" for k in cutoffs]


def _rows(result: Result, name: str) -> list[list[float]]:
    return result.array(name).tolist() if name in result.fields else []


# Recall of one retriever on one set of questions.
evaluate = ExperimentCommand("evaluate", _tell)


def _tell_memories(config: ContestConfig, result: Result) -> dict[str, Any]:
    """Recall in percent with its interval, for every method, category and cutoff."""
    notes = result.notes
    recall, interval = result.array("recall"), result.array("interval")
    counts = result.array("questions").tolist()
    return {
        "files": {name: Path(getattr(config, name)).name or None for name in config.files},
        "unit": "percent",
        "conversations": result.metrics["conversations"],
        "notes": result.metrics["notes"],
        "categories": [
            {**category, "questions": count}
            for category, count in zip(notes["categories"], counts, strict=True)
        ],
        "methods": {
            method: {
                "title": notes["titles"][m],
                "alive": float(result.array("alive")[m]),
                "changes": int(result.array("changes")[m]),
                **{
                    key: {
                        "recall": recall[m, :, c].tolist(),
                        "interval": interval[m, :, c].tolist(),
                    }
                    for c, key in enumerate(_keys(notes["cutoffs"]))
                },
            }
            for m, method in enumerate(notes["methods"])
        },
        "absent": notes["absent"],
        "left_out": notes["left_out"],
    }


# Every retriever and every memory on the same questions.
memories = ExperimentCommand("memories", _tell_memories)
