"""Quantise one key or value head (or one layer's) at a time with each format of a ladder."""

from __future__ import annotations

import itertools

import numpy as np

from engine.core.result import Field, Result
from engine.labs.kv_cache.allocate import SIDES
from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.metrics import paired_bootstrap
from engine.labs.kv_cache.policy import Policy
from engine.labs.kv_cache.teacher_forced import Progress, compare
from engine.labs.kv_cache.workbench import Workbench

EXACT = {"key": "fp32", "value": "fp32"}


def sensitivity(
    bench: Workbench, ladder: list[str], granularity: str, progress: Progress
) -> Result:
    """Fields (side, layer, head, rung): delta_nll, its 95 % interval, kl; bits (side, rung).

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
    nll, scores = compare(bench.loaded, bench.ids, storages, progress)
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
    return Result(
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
