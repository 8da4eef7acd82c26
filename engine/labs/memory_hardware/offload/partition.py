"""ZeRO-Offload's question (section 3): which parts of a step may leave the GPU, at what cost.

A training step is a graph of two states and two computations. Every assignment of the parts to GPU
and host is a cut; the edges that it crosses are its traffic, the states that stay are its memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

# Bytes a parameter that a part holds: half-precision parameters and gradients; the update holds
# fp32 parameters, first and second moment. Forward and backward hold nothing of their own.
PARTS = {"p16": 2, "g16": 2, "update": 12}
COMPUTE = "FWD-BWD"
# Bytes a parameter on each way in one step; parameters are read forward and again backward.
EDGES = {("p16", COMPUTE): 4, (COMPUTE, "g16"): 2, ("g16", "update"): 2, ("update", "p16"): 2}
WHOLE = sum(PARTS.values())
# Traffic of L2L, which moves a layer at a time, as a third party's note on the paper gives it.
L2L_BYTES = 28


@dataclass(frozen=True)
class Cut:
    """What lies on the host, and bytes a parameter: left on the GPU, and over the link a step."""

    on_host: tuple[str, ...]
    gpu_bytes: int
    traffic_bytes: int

    @property
    def saving(self) -> float:
        """How many times less the GPU holds than without offload."""
        return WHOLE / self.gpu_bytes if self.gpu_bytes else float("inf")


def cuts() -> Iterator[Cut]:
    """All of them; forward and backward stay on the GPU, since they cost O(M B) and not O(M)."""
    for count in range(len(PARTS) + 1):
        for on_host in combinations(PARTS, count):
            crossed = sum(
                size for (a, b), size in EDGES.items() if (a in on_host) != (b in on_host)
            )
            kept = sum(size for part, size in PARTS.items() if part not in on_host)
            yield Cut(on_host, kept, crossed)


def least_traffic() -> int:
    """Bytes a parameter that any offload at all has to move: the graph is a circle."""
    return min(cut.traffic_bytes for cut in cuts() if cut.on_host)


def best_cut() -> Cut:
    """Of the cuts with the least traffic the one that leaves least on the GPU."""
    least = [cut for cut in cuts() if cut.on_host and cut.traffic_bytes == least_traffic()]
    return min(least, key=lambda cut: cut.gpu_bytes)
