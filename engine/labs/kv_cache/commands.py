"""The lab's own commands for the command line: ``evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.core.arguments import ExperimentCommand
from engine.core.result import Result
from engine.io.text import read_text
from engine.labs.kv_cache.config import EvaluateConfig
from engine.labs.kv_cache.policy import parse_policy

POLICY_BYTES = 20_000


def _tell(config: EvaluateConfig, result: Result) -> dict[str, Any]:
    """The numbers of issue section 5 in one flat object, next to what they were measured on."""
    notes = result.notes
    return {
        "model": notes["model"]["name"],
        "text": Path(config.text).name,
        "window": config.window,
        "key_format": config.key_format,
        "value_format": config.value_format,
        "order": config.order,
        "protocol": config.protocol,
        "sinks": config.sinks,
        "residual": config.residual,
        **result.metrics,
        "tokens": config.window * config.windows,
        "preparation": notes["preparation"],
        "unknown_tokens": notes["unknown_tokens"],
        "calibration": notes["calibration"],
    }


def _policy(text: str) -> str:
    """JSON as it stands, or from the file of that name; refused before a model is loaded."""
    if text.strip() and not text.lstrip().startswith(("{", "[")):
        text = read_text(text, limit=POLICY_BYTES, field="policy").strip()
    parse_policy(text)
    return text


# Teacher-forced loss of one cache setting.
evaluate = ExperimentCommand("evaluate", _tell, {"policy": _policy})
