"""What the memory is compared with: a GPU and a CPU, every constant of them assumed."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from engine.core.config import Config
from engine.labs.memory_hardware.baseline import Baselines


def assumed_number(
    default: float, low: float, high: float, title: str, unit: str, help: str
) -> Any:
    """A constant that is assumed: a number to type, with what it rests on as its help."""
    extra: Any = {"widget": "number", "unit": unit, "help": help}
    return Field(default, ge=low, le=high, title=title, json_schema_extra=extra)


class Compared(Config):
    """The GPU and the CPU that the same tokens are timed on, by formula."""

    gpu_layer_ms: float = assumed_number(
        0.925, 0, 100, "GPU: launch of a layer", "ms",
        "assumed: chosen so that small models land in the published range",
    )  # fmt: skip
    gpu_weight_bytes: float = assumed_number(
        4, 0.25, 8, "GPU: a weight", "bytes", "assumed: 4 is single precision, 2 half"
    )
    gpu_gb_per_s: float = assumed_number(
        300, 1, 100_000, "GPU: memory", "GB/s", "assumed: a T4's peak is 320 GB/s"
    )
    cpu_prefix: Literal["recomputed", "cached"] = Field(
        "recomputed",
        title="CPU: the prefix is",
        json_schema_extra={
            "help": "recomputed: every token so far is computed again for each new one, which the "
            "published range suggests; cached: keys and values are kept, weights are read once"
        },
    )
    cpu_tflops: float = assumed_number(
        1.5, 0.001, 1000, "CPU: arithmetic", "TFLOP/s",
        "assumed: chosen so that recomputing lands in the published range",
    )  # fmt: skip
    cpu_gb_per_s: float = assumed_number(
        128, 1, 100_000, "CPU: memory", "GB/s",
        "assumed; without effect while the prefix is recomputed",
    )  # fmt: skip
    cpu_weight_bytes: float = assumed_number(
        4, 0.25, 8, "CPU: a number in memory", "bytes",
        "assumed: 4 is single precision; without effect while the prefix is recomputed",
    )  # fmt: skip

    @property
    def baselines(self) -> Baselines:
        """The same as the engine takes it."""
        return Baselines(
            gpu_layer_ms=self.gpu_layer_ms,
            gpu_weight_bytes=self.gpu_weight_bytes,
            gpu_gb_per_s=self.gpu_gb_per_s,
            cpu_tflops=self.cpu_tflops,
            cpu_cached=self.cpu_prefix == "cached",
            cpu_gb_per_s=self.cpu_gb_per_s,
            cpu_weight_bytes=self.cpu_weight_bytes,
        )
