"""The KV-cache lab: what a few bits do to a language model's keys and values."""

from __future__ import annotations

from pathlib import Path

from engine.core.registry import Experiment, Lab
from engine.labs.kv_cache import config, cost
from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.orders_grammar import parse_order
from engine.labs.kv_cache.papers import PAPERS
from engine.models.embedded import weights_version

__all__ = ["LAB", "parse_format", "parse_order"]

_RUN = "engine.labs.kv_cache.run"
_WEIGHTS = weights_version()


def _version(revision: int) -> int:
    """A result belongs to a revision of its code and to the embedded weights."""
    return revision << 32 | _WEIGHTS


LAB = Lab(
    name="kv_cache",
    title="KV cache",
    sentence="What a few bits do to the keys and values of a language model, "
    "from a map of all heads down to one block of numbers, and up to its next token.",
    experiments=(
        Experiment(
            "capture",
            "Queries, keys and values of one pass",
            config.CaptureConfig,
            f"{_RUN}:capture",
            version=_version(1),
            cost_seconds=cost.capture,
        ),
        Experiment(
            "synthetic",
            "A key head with known outliers",
            config.SyntheticConfig,
            f"{_RUN}:synthetic",
            cost_seconds=lambda settings: 0.5,
        ),
        Experiment(
            "evaluate",
            "Damage of one cache setting",
            config.EvaluateConfig,
            f"{_RUN}:evaluate",
            version=_version(1),
            cost_seconds=cost.evaluate,
        ),
        Experiment(
            "order_check",
            "Is a folded channel order exact?",
            config.OrderCheckConfig,
            f"{_RUN}:order_check",
            version=_version(2),
            cost_seconds=cost.capture,
        ),
        Experiment(
            "pareto",
            "Bits against damage",
            config.ParetoConfig,
            f"{_RUN}:pareto",
            version=_version(2),
            cost_seconds=cost.pareto,
        ),
        Experiment(
            "drift",
            "Next-token drift",
            config.DriftConfig,
            f"{_RUN}:drift",
            version=_version(1),
            cost_seconds=cost.drift,
        ),
        Experiment(
            "sensitivity",
            "Which head hurts",
            config.SensitivityConfig,
            f"{_RUN}:sensitivity",
            version=_version(1),
            cost_seconds=cost.sensitivity,
        ),
        Experiment(
            "positions",
            "Damage by position",
            config.PositionsConfig,
            f"{_RUN}:positions",
            version=_version(2),
            cost_seconds=cost.positions,
        ),
        Experiment(
            "streaming",
            "A cache that grows token by token",
            config.StreamingConfig,
            f"{_RUN}:streaming",
            version=_version(1),
            cost_seconds=cost.streaming,
        ),
    ),
    papers=PAPERS,
    commands={
        "formats": "engine.labs.kv_cache.commands_formats:formats",
        "quantize": "engine.labs.kv_cache.commands_formats:quantize",
        "evaluate": "engine.labs.kv_cache.commands:evaluate",
    },
    folder=Path(__file__).parent,
    claims="engine.labs.kv_cache.views.claims:CLAIMS",
)
