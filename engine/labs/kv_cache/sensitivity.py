"""Quantise one key or value head (or one layer's) at a time with each format of a ladder."""

from __future__ import annotations

import itertools

import numpy as np

from engine.core.result import Field, Result
from engine.labs.kv_cache.allocate import SIDES, build_policy, walk
from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.metrics import paired_bootstrap
from engine.labs.kv_cache.policy import Policy
from engine.labs.kv_cache.teacher_forced import Progress, compare
from engine.labs.kv_cache.workbench import Workbench

EXACT = {"key": "fp32", "value": "fp32"}
POLICIES = 7
POLICY_SHARE = 0.1  # of the progress bar


def sensitivity(
    bench: Workbench, ladder: list[str], granularity: str, progress: Progress
) -> Result:
    """Fields (side, layer, head, rung): delta_nll, its 95 % interval, kl; bits (side, rung).

    Then whole policies along the greedy walk, see ``measure_policies``.

    Everything but the one unit stays exact (fp32). With granularity "layer" the head axis has one
    entry: all heads of the layer together. A head alone is stored alone, so blocks cannot span
    heads as they may when a whole layer has one format.
    """
    info = bench.loaded.info
    heads = info.kv_heads if granularity == "head" else 1
    shape = (len(SIDES), info.layers, heads, len(ladder))
    units = list(itertools.product(*(range(size) for size in shape)))
    storages = []
    for side, layer, head, rung in units:
        own: dict[str, str] = {SIDES[side]: ladder[rung]}
        policy = (
            Policy(EXACT, heads={(layer, head): own})
            if granularity == "head"
            else Policy(EXACT, layers={layer: own})
        )
        storages.append(bench.storage(policy))
    nll, scores = compare(
        bench.loaded,
        bench.ids,
        storages,
        lambda done, total: progress((1 - POLICY_SHARE) * done, total),
    )
    delta, low, high, kl = (np.full(shape, np.nan, dtype=np.float32) for _ in range(4))
    for unit, score in zip(units, scores, strict=True):
        interval = paired_bootstrap(score.nll - nll, bench.seed)
        delta[unit] = interval.mean
        if interval.low is not None and interval.high is not None:
            low[unit], high[unit] = interval.low, interval.high
        kl[unit] = score.kl.mean(dtype=np.float64)
    width = info.head_dim * (info.kv_heads // heads)
    tokens = bench.ids.shape[1]
    bits = [
        [
            parse_format(rung).bits_per_value((tokens, width), head_dim=info.head_dim, role=side)
            for rung in ladder
        ]
        for side in SIDES
    ]
    axes = ("side", "layer", "head", "rung")
    single = Result(
        {
            "delta_nll": Field(delta, axes, "nat"),
            "delta_nll_low": Field(low, axes, "nat"),
            "delta_nll_high": Field(high, axes, "nat"),
            "kl": Field(kl, axes, "nat"),
            "bits": Field(np.array(bits, dtype=np.float64), ("side", "rung"), "bit"),
        },
        {
            "nll_exact": float(nll.mean(dtype=np.float64)),
            "windows": len(nll),
            "units": len(units) // len(ladder),
        },
        {
            **bench.notes(),
            "sides": list(SIDES),
            "ladder": list(ladder),
            "granularity": granularity,
        },
    )
    fields = measure_policies(
        bench,
        single,
        lambda done, total: progress(total * (1 - POLICY_SHARE) + POLICY_SHARE * done, total),
    )
    return Result({**single.fields, **fields}, single.metrics, single.notes)


def measure_policies(bench: Workbench, single: Result, progress: Progress) -> dict[str, Field]:
    """Whole policies along the greedy walk: what the sum predicts, and what they really cost.

    Fields over ``policy``: policy_bytes (a token, all layers), policy_predicted, policy_measured
    with its 95 % interval. The first is the cheapest rung everywhere, the last the best.
    """
    path = walk(single)
    steps = np.unique(np.linspace(0, len(path.unit), POLICIES).round().astype(int))
    shape = single.array("delta_nll").shape[:-1]
    ladder, granularity = single.notes["ladder"], single.notes["granularity"]
    storages = [
        bench.storage(build_policy(path.choice(step).reshape(shape), ladder, granularity))
        for step in steps
    ]
    nll, scores = compare(bench.loaded, bench.ids, storages, progress)
    found = [paired_bootstrap(score.nll - nll, bench.seed) for score in scores]
    nan = float("nan")
    columns = {
        "policy_bytes": (path.bytes[steps], "B"),
        "policy_predicted": (path.damage[steps], "nat"),
        "policy_measured": ([one.mean for one in found], "nat"),
        "policy_low": ([nan if one.low is None else one.low for one in found], "nat"),
        "policy_high": ([nan if one.high is None else one.high for one in found], "nat"),
    }
    return {
        name: Field(np.asarray(values, dtype=np.float64), ("policy",), unit)
        for name, (values, unit) in columns.items()
    }
