"""Each experiment of the lab: a config and a context in, a Result out."""

from __future__ import annotations

import numpy as np
import torch

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.kv_cache import capture as captures
from engine.labs.kv_cache import config as settings
from engine.labs.kv_cache import drift as drifting
from engine.labs.kv_cache import fold as folding
from engine.labs.kv_cache import pareto as sweeps
from engine.labs.kv_cache import positions as places
from engine.labs.kv_cache import sensitivity as single
from engine.labs.kv_cache import streaming as growing
from engine.labs.kv_cache.evaluation import evaluate_storages
from engine.labs.kv_cache.orders_grammar import parse_order
from engine.labs.kv_cache.policy import parse_policy
from engine.labs.kv_cache.synthetic import synthetic_head
from engine.labs.kv_cache.workbench import Workbench

# Folded weights of larger models stay out of the result: fold them in a script.
WEIGHTS_BYTES = 64_000_000


def capture(config: settings.CaptureConfig, context: Context) -> Result:
    """Queries, keys and values of one window of text."""
    return captures.capture(Workbench(config, context, config.tokens))


def synthetic(config: settings.SyntheticConfig, context: Context) -> Result:
    """A key head with a known outlier profile."""
    return synthetic_head(config)


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


def order_check(config: settings.OrderCheckConfig, context: Context) -> Result:
    """Fold an order into W_q and W_k and compare logits, nothing quantised.

    Metrics: ``max_logit_difference`` in float64; the same in float32, where rounding remains; and
    ``float32_floor``: how far the *unfolded* model in float32 is from itself in float64. Orders
    across heads cannot be folded: for them the keys are permuted for storage and put back.
    """
    bench = Workbench(config, context, config.tokens, 1, config.seed)
    permutations = bench.permutations(config.order)
    natural = np.arange(bench.loaded.info.width)
    table = np.stack([natural if order is None else order for order in permutations])
    folded = parse_order(config.order).free
    metrics: dict[str, float | bool | int] = {"folded": folded, "tokens": config.tokens}
    ids = torch.from_numpy(bench.ids).to(bench.loaded.device)
    if folded:
        double = folding.as_double(bench.loaded)
        exact = folding.plain_logits(double, ids)
        single = folding.plain_logits(bench.loaded, ids)
        context.progress(1, 3)
        metrics["max_logit_difference"] = folding.max_logit_difference(
            double, folding.fold(double, permutations), ids
        )
        context.progress(2, 3)
        metrics["max_logit_difference_float32"] = folding.max_logit_difference(
            bench.loaded, folding.fold(bench.loaded, permutations), ids
        )
        metrics["float32_floor"] = float((single - exact).abs().max())
        metrics["largest_logit"] = float(exact.abs().max())
    else:
        metrics["max_logit_difference"] = folding.storage_difference(
            bench.loaded, permutations, ids
        )
    moved = float((table != natural).mean())
    fields = {"permutation": Field(table.astype(np.int32), ("layer", "place"))}
    fields |= _folded_weights(bench, permutations) if folded else {}
    notes = {**bench.notes(), "order": config.order}
    return Result(fields, {**metrics, "moved": moved}, notes)


def _folded_weights(bench: Workbench, permutations: list[np.ndarray | None]) -> dict[str, Field]:
    """w_q, w_k (layer, row, input), their biases and gains; nothing where they are too large."""
    found = folding.permuted_tensors(bench.loaded, permutations)
    if sum(tensor.nbytes for tensor in found.values()) > WEIGHTS_BYTES:
        return {}
    names = dict.fromkeys(name.split(".", 2)[2] for name in found)
    fields = {}
    for name in names:
        if name == "permutation":
            continue
        layers = [found[f"layers.{i}.{name}"] for i in range(bench.loaded.info.layers)]
        stacked = torch.stack(layers).float().numpy()
        side, _, part = name.partition(".")
        axes = ("layer", f"{side}_row") if part else ("layer", f"{side}_row", "input")
        fields[name.replace(".", "_")] = Field(stacked, axes)
    return fields


def drift(config: settings.DriftConfig, context: Context) -> Result:
    """One prompt through an exact and a quantised cache."""
    return drifting.drift(config, context)


def streaming(config: settings.StreamingConfig, context: Context) -> Result:
    """A cache that grows token by token, append-only and re-quantised."""
    return growing.streaming(config, context)


def pareto(config: settings.ParetoConfig, context: Context) -> Result:
    """Bits against damage for a menu of formats, on the same windows."""
    bench = Workbench(config, context, config.window, config.windows, config.seed)
    return sweeps.pareto(
        bench, config.menu, config.extra, config.sides, config.orders, context.progress
    )


def sensitivity(config: settings.SensitivityConfig, context: Context) -> Result:
    """One key or value head at a time, with each format of the ladder."""
    bench = Workbench(config, context, config.window, config.windows, config.seed)
    ladder = config.ladder.split(",")
    return single.sensitivity(bench, ladder, config.granularity, context.progress)


def positions(config: settings.PositionsConfig, context: Context) -> Result:
    """Damage by position under sinks and residual windows, and recall of a planted passage."""
    bench = Workbench(config, context, config.window, config.windows, config.seed)
    policy = parse_policy("", config.key_format, config.value_format)
    return places.positions(
        bench,
        policy,
        config.order,
        config.sinks,
        config.residual,
        config.probes,
        context.progress,
    )
