"""Rough CPU seconds of a run on two cores, said before it starts.

Scaled from the embedded model: one forward pass over 1,000 tokens takes about 0.2 s.
"""

from __future__ import annotations

from engine.labs.kv_cache import config
from engine.labs.kv_cache.formats import EXAMPLES
from engine.labs.kv_cache.sources import EMBEDDED

_PASS = 0.2e-3
_START = 0.5


def _per_token(settings: config.ModelText) -> float:
    # An unknown model is taken to be thirty times the embedded one, about 100 M parameters.
    return _PASS if settings.model == EMBEDDED else 30 * _PASS


def capture(settings: config.CaptureConfig | config.OrderCheckConfig) -> float:
    """Two passes: the captured text and the calibration text."""
    return _START + 3 * settings.tokens * _per_token(settings)


def evaluate(settings: config.EvaluateConfig) -> float:
    """An exact and a quantised pass."""
    return _START + 2.5 * settings.window * settings.windows * _per_token(settings)


def pareto(settings: config.ParetoConfig) -> float:
    """A pass per point."""
    points = {"essential": 20, "blocks": 30, "everything": len(EXAMPLES) + 20}[settings.menu]
    points += 10 if settings.sides == "both" else 0  # five pairs of formats, both ways round
    return _START + 1.5 * points * settings.window * settings.windows * _per_token(settings)


def drift(settings: config.DriftConfig) -> float:
    """Three token-by-token continuations."""
    return _START + 3 * settings.new_tokens * max(0.01, 4 * _per_token(settings))


def sensitivity(settings: config.SensitivityConfig) -> float:
    """A pass per head, side and rung; sixteen heads and sides are assumed."""
    passes = 16 * len(settings.ladder.split(","))
    return _START + 1.5 * passes * settings.window * settings.windows * _per_token(settings)


def positions(settings: config.PositionsConfig) -> float:
    """Seven protections and the recall probes."""
    tokens = settings.window * (7 * settings.windows + settings.probes)
    return _START + 1.5 * tokens * _per_token(settings)


def streaming(settings: config.StreamingConfig) -> float:
    """Token by token through three caches."""
    return _START + 3 * settings.tokens * max(0.01, 4 * _per_token(settings))
