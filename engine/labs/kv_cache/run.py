"""Each experiment of the lab: a config and a context in, a Result out."""

from __future__ import annotations

from engine.core.context import Context
from engine.core.result import Result
from engine.labs.kv_cache import config as settings
from engine.labs.kv_cache.evaluation import evaluate_storages
from engine.labs.kv_cache.policy import parse_policy
from engine.labs.kv_cache.workbench import Workbench


def evaluate(config: settings.EvaluateConfig, context: Context) -> Result:
    """Teacher-forced loss of one cache setting next to the exact model's."""
    bench = Workbench(config, context, config.window, config.windows, config.seed)
    policy = parse_policy(config.policy, config.key_format, config.value_format)
    storage = bench.storage(
        policy,
        config.order,
        sinks=config.sinks,
        residual=config.residual,
        streaming=config.protocol == "streaming",
    )
    _, (measured,) = evaluate_storages(bench, [storage], context.progress)
    return Result(measured.fields, measured.metrics, {**bench.notes(), "protocol": config.protocol})
