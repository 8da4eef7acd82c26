"""What a GPU and a CPU would take for the same tokens, under assumptions that can be changed.

PIM-GPT compares with an NVIDIA T4 and a Xeon; how they were run could not be read. These two forms
land near the published ranges of speed-up and prove nothing: the GPU's time is a launch cost for
each layer and its weights read once a token, the CPU's is the whole prefix computed again for every
token (its range is too slow for a cache of keys and values; a CPU with one is the other choice).
Energy is power times that time. 70 W is the T4's limit. The Xeon's limit is 200 W, but the paper's
own ranges say otherwise: energy over speed-up is 2.8 to 3.0 for the GPU and 0.51 to 0.56 for the
CPU, so the CPU's power was taken as about a sixth of the GPU's.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.errors import BadInput
from engine.labs.memory_hardware.shapes import Shape

PJ_PER_WATT_NS = 1e3


@dataclass(frozen=True)
class Baselines:
    """All assumed: ms to launch a layer, bytes of a weight, GB/s, the CPU's TFLOP/s, and watts.

    ``cpu_cached``: the CPU keeps keys and values instead of computing the prefix again.
    """

    gpu_layer_ms: float = 0.925
    gpu_weight_bytes: float = 4.0
    gpu_gb_per_s: float = 300.0
    cpu_tflops: float = 1.5
    cpu_cached: bool = False
    cpu_weight_bytes: float = 4.0
    cpu_gb_per_s: float = 128.0
    gpu_watts: float = 70.0
    cpu_watts: float = 12.5

    def __post_init__(self) -> None:
        for name in ("gpu_weight_bytes", "gpu_gb_per_s", "cpu_tflops", "cpu_weight_bytes",
                     "cpu_gb_per_s", "gpu_watts", "cpu_watts"):  # fmt: skip
            if not getattr(self, name) > 0:
                raise BadInput(name, f"must be above 0 (got {getattr(self, name):g})")
        if self.gpu_layer_ms < 0:
            raise BadInput("gpu_layer_ms", f"must be 0 or more (got {self.gpu_layer_ms:g})")


def gpu_ns(shape: Shape, tokens: int, given: Baselines = Baselines()) -> float:
    """Nanoseconds for ``tokens`` tokens on the GPU, without the head's weights."""
    weights = shape.layers * shape.block_weights * given.gpu_weight_bytes
    return tokens * (shape.layers * given.gpu_layer_ms * 1e6 + weights / given.gpu_gb_per_s)


def cpu_ns(shape: Shape, tokens: int, start: int = 0, given: Baselines = Baselines()) -> float:
    """Nanoseconds on the CPU, without the head's weights.

    Either all tokens so far are computed again for each new one, or the weights and the cache are
    read once a token.
    """
    seen = tokens * start + tokens * (tokens + 1) / 2
    weights = shape.layers * shape.block_weights
    if given.cpu_cached:
        cached = 2 * shape.layers * shape.kv_width * seen
        return (tokens * weights + cached) * given.cpu_weight_bytes / given.cpu_gb_per_s
    return 2.0 * weights * seen / (given.cpu_tflops * 1e3)


def gpu_pj(shape: Shape, tokens: int, given: Baselines = Baselines()) -> float:
    """Picojoule of the GPU for ``tokens`` tokens."""
    return gpu_ns(shape, tokens, given) * given.gpu_watts * PJ_PER_WATT_NS


def cpu_pj(shape: Shape, tokens: int, start: int = 0, given: Baselines = Baselines()) -> float:
    """Picojoule of the CPU for ``tokens`` tokens."""
    return cpu_ns(shape, tokens, start, given) * given.cpu_watts * PJ_PER_WATT_NS
