"""A whole generation as a Result: where the time and the energy of its tokens go."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_hardware.baseline import cpu_ns, gpu_ns
from engine.labs.memory_hardware.config import GenerationConfig
from engine.labs.memory_hardware.energy import energy
from engine.labs.memory_hardware.fast import Totals, generate
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.serving import build_compiler


def generation(
    config: GenerationConfig,
    read: Callable[[str], bytes],
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Result:
    """Fields by token (cycles and refreshes at its end, the prompt first), by part (nanoseconds)
    and by class of command (picojoule), all of prompt and generation together.
    """
    compiler = build_compiler(config, read)
    totals = generate(
        compiler, config.tokens, start=config.start, prompt=config.prompt, progress=progress
    )
    return summarise(compiler, totals, config)


def summarise(compiler: Compiler, totals: Totals, config: GenerationConfig) -> Result:
    """What the views show of a generation."""
    tck = compiler.device["timing.tck_ns"]
    refresh = totals.refreshes * compiler.timing["rfc"]
    parts = [*totals.by_label.items(), (("refresh", "refresh"), refresh)]
    total_ns = totals.cycles * tck
    prefill_ns = totals.prefill.cycles * tck if totals.prefill else 0.0
    generation_ns = total_ns - prefill_ns
    shape, before = compiler.shape, config.start + config.prompt
    ledger = energy(compiler, totals)
    classes = list((ledger.pj or {}).items())
    return Result(
        fields={
            "token_end": Field(totals.token_end, ("token",), "cycles"),
            "token_refreshes": Field(totals.token_refreshes, ("token",)),
            "part_ns": Field(np.array([cycles * tck for _, cycles in parts]), ("part",), "ns"),
            "energy_pj": Field(np.array([pj for _, pj in classes], float), ("class",), "pJ"),
        },
        metrics={
            "total_ns": total_ns,
            "prefill_ns": prefill_ns,
            "per_token_ns": generation_ns / config.tokens,
            "activates": totals.activates,
            "macs": totals.macs,
            "reads": totals.reads,
            "writes": totals.writes,
            "refreshes": totals.refreshes,
            "hits": totals.hits,
            "hit_rate": totals.hits / max(1, totals.hits + totals.misses),
            "tck_ns": tck,
            "weights": shape.weights,
            "energy_pj": ledger.total_pj,
            "speedup_gpu": gpu_ns(shape, config.tokens) / generation_ns,
            "speedup_cpu": cpu_ns(shape, config.tokens, before) / generation_ns,
        },
        notes={
            "model": shape.name,
            "device": compiler.device.title,
            "parts": [label for (label, _), _ in parts],
            "units": [unit for (_, unit), _ in parts],
            "classes": [name for name, _ in classes],
            "remarks": [*([compiler.device.note] if compiler.device.note else []), *ledger.notes],
            "assumed": compiler.device.assumed,
        },
    )
