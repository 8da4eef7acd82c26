"""The lab's own commands for the command line: ``evaluate``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.core.arguments import Arguments
from engine.core.errors import BadInput
from engine.labs.memory_graph.config import FILES, EvaluateConfig
from engine.labs.memory_graph.sources import SAMPLES, sample_path


def evaluate(argv: Sequence[str]) -> dict[str, Any]:
    """Recall of one retriever; returns the numbers that ``--json`` prints.

    Recall is in percent, seconds are CPU seconds. Raises BadInput for every bad option and file.
    """
    given = vars(_parser().parse_args(list(argv)))
    config = EvaluateConfig.build({key: value for key, value in given.items() if value is not None})

    from engine.labs.memory_graph.evaluate import evaluate as run

    result = run(config, _read, lambda done, total: None)
    low, high = result["interval"].at(measure=0).array[:, 1]
    notes = result.notes
    return {
        "method": config.method,
        "files": {name: _file_name(getattr(config, name)) for name in FILES},
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


def _read(value: str, field: str) -> Path:
    """A file where there is one of that name, else a sample."""
    if value in SAMPLES and not Path(value).exists():
        if field not in ("corpus", "questions"):
            raise BadInput(field, f"the sample {value!r} has no {field}")
        return sample_path(value, field)
    return Path(value)


def _file_name(value: str) -> str | None:
    return Path(value).name or None


def _keys(cutoffs: list[int]) -> list[str]:
    return [f"recall@{k}" for k in cutoffs]


def _rows(result: Any, name: str) -> list[list[float]]:
    return result.array(name).tolist() if name in result.fields else []


def _parser() -> Arguments:
    parser = Arguments(
        "python -m engine memory_graph evaluate",
        "Recall of the gold passages of questions, in percent; seconds are CPU seconds.",
    )
    fields = EvaluateConfig.model_fields
    required = ("corpus", "questions")
    for name, field in fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        hint = f"{field.title}: {extra['help']}" if "help" in extra else str(field.title)
        hint = hint if name in required else f"{hint}; default {field.default!r}"
        flag = f"--{name.replace('_', '-')}"
        if field.annotation is bool:
            parser.add_argument(
                flag, action=argparse.BooleanOptionalAction, help=hint.replace("%", "%%")
            )
        else:
            parser.add_argument(flag, required=name in required, help=hint.replace("%", "%%"))
    return parser
