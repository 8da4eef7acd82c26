"""What one rank of a node can do in a second."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.errors import BadInput

GIGA = 1e9
BOUNDS = {
    "cpu_adam": (1e-3, 1e3),
    "downcast": (1e-3, 1e4),
    "link": (1e-2, 1e4),
    "gpu_adam": (1e-2, 1e4),
    "overhead": (0.0, 60.0),
    "host": (1e-1, 1e5),
    "flush": (1e-3, 1e4),
    "upcast": (1e-3, 1e5),
    "tflops": (1e-2, 1e5),
    "other": (0.0, 600.0),
    "interleaving": (0.0, 600.0),
}


@dataclass(frozen=True)
class Node:
    """Rates of one rank: billions of parameters a second, and GB/s in each direction.

    ``overhead`` is in seconds a step, for what is neither updated nor moved. ``host`` is this
    rank's share of host memory in GB/s. A blocking gradient ``flush`` keeps the GPU waiting; an
    asynchronous one costs the GPU an ``upcast``. ``tflops``: forward and backward; ``other``:
    seconds of an iteration that belong to none of its three phases, ``interleaving``: how many more
    there are with a stride.
    """

    cpu_adam: float
    downcast: float
    link: float
    gpu_adam: float = 30.0
    overhead: float = 0.0
    host: float = 1e5
    flush: float = 1.0
    upcast: float = 15.0
    tflops: float = 100.0
    other: float = 0.0
    interleaving: float = 0.0

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise BadInput(name, f"must be from {low:g} to {high:g} (got {value:g})")
