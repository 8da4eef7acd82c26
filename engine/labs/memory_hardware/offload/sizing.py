"""The largest model of a GPU and the cuts of a step's graph, as a Result."""

from __future__ import annotations

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_hardware.config import CapacityConfig
from engine.labs.memory_hardware.offload.capacity import GB, Activations, Strategy
from engine.labs.memory_hardware.offload.partition import PARTS, WHOLE, best_cut, cuts

SIZES = np.geomspace(0.1e9, 100e9, 61)
BASELINE, OFFLOAD = "Data parallel", "ZeRO-Offload"


def build_strategies(config: CapacityConfig) -> list[Strategy]:
    """All on the GPU; the update on the host; gradients and update on the host."""
    reserve, bucket = config.reserve_gb * GB, config.bucket_gb * GB
    again = Activations(config.length, config.samples)
    kept = Activations(config.length, config.samples, config.baseline_again)
    update = next(cut for cut in cuts() if cut.on_host == ("update",))
    return [
        Strategy(BASELINE, WHOLE, reserve, kept),
        Strategy("Update on the host", update.gpu_bytes, reserve + bucket, again),
        Strategy(OFFLOAD, best_cut().gpu_bytes, reserve + bucket, again),
    ]


def capacity(config: CapacityConfig) -> Result:
    """Bytes by strategy and size, the largest size of each, and the table of cuts."""
    strategies = build_strategies(config)
    memory = config.gpu_memory_gb * GB
    table = list(cuts())
    needs = [[strategy.needs(size) / GB for size in SIZES] for strategy in strategies]
    largest = [strategy.largest(memory) / 1e9 for strategy in strategies]
    return Result(
        fields={
            "size": Field(SIZES / 1e9, ("size",), "10⁹ parameters"),
            "needs_gb": Field(np.array(needs), ("strategy", "size"), "GB"),
            "largest": Field(np.array(largest), ("strategy",), "10⁹ parameters"),
            "cut_gpu_bytes": Field(np.array([cut.gpu_bytes for cut in table]), ("cut",), "B"),
            "cut_traffic_bytes": Field(
                np.array([cut.traffic_bytes for cut in table]), ("cut",), "B"
            ),
        },
        metrics={
            "gpu_memory_gb": config.gpu_memory_gb,
            "gain": largest[-1] / largest[0],
            "least_traffic": min(cut.traffic_bytes for cut in table if cut.on_host),
            "best": table.index(best_cut()),
        },
        notes={
            "strategies": [strategy.name for strategy in strategies],
            "bytes": [strategy.parameter_bytes for strategy in strategies],
            "cuts": [list(cut.on_host) for cut in table],
            "parts": dict(PARTS),
            "samples": config.samples,
            "length": config.length,
            "baseline_again": config.baseline_again,
            "reserve_gb": config.reserve_gb,
            "bucket_gb": config.bucket_gb,
        },
    )
