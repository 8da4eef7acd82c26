"""A whole generation as a Result: where the time of its tokens goes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_hardware.baseline import cpu_ns, gpu_ns
from engine.labs.memory_hardware.config import GenerationConfig
from engine.labs.memory_hardware.fast import Totals, generate
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.serving import build_compiler


def generation(
    config: GenerationConfig,
    read: Callable[[str], bytes],
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Result:
    """Fields by token (cycles and refreshes at its end) and by part (nanoseconds)."""
    compiler = build_compiler(config, read)
    totals = generate(
        compiler, config.tokens, start=config.start, refresh=config.refresh, progress=progress
    )
    return summarise(compiler, totals, config)


def summarise(compiler: Compiler, totals: Totals, config: GenerationConfig) -> Result:
    """What the views show of a generation."""
    tck = compiler.device["timing.tck_ns"]
    refresh = totals.refreshes * compiler.device.whole("timing.rfc")
    parts = [*totals.by_label.items(), (("refresh", "refresh"), refresh)]
    total_ns = totals.cycles * tck
    shape = compiler.shape
    return Result(
        fields={
            "token_end": Field(totals.token_end, ("token",), "cycles"),
            "token_refreshes": Field(totals.token_refreshes, ("token",)),
            "part_ns": Field(np.array([cycles * tck for _, cycles in parts]), ("part",), "ns"),
        },
        metrics={
            "total_ns": total_ns,
            "per_token_ns": total_ns / config.tokens,
            "activates": totals.activates,
            "macs": totals.macs,
            "writes": totals.writes,
            "refreshes": totals.refreshes,
            "hits": totals.hits,
            "hit_rate": totals.hits / max(1, totals.hits + totals.activates),
            "tck_ns": tck,
            "weights": shape.weights,
            "speedup_gpu": gpu_ns(shape, config.tokens) / total_ns,
            "speedup_cpu": cpu_ns(shape, config.tokens, config.start) / total_ns,
        },
        notes={
            "model": shape.name,
            "device": compiler.device.title,
            "parts": [label for (label, _), _ in parts],
            "units": [unit for (_, unit), _ in parts],
            "assumed": [
                name
                for name, constant in compiler.device.constants.items()
                if constant.source == "assumed"
            ],
        },
    )
