"""How a rank updates its parameters: what is split, where it lies, and what overlaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.core.errors import BadInput

Flush = Literal["blocking", "async"]
MOST_SUBGROUPS = 20_000


@dataclass(frozen=True)
class Plan:
    """How a rank's ``parameters`` are updated.

    They are cut into parts of ``subgroup``, or into ``subgroups`` equal ones where that is not 0:
    DeepSpeed packs whole tensors, so that a log holds fewer and larger ones than the size says.
    ``ratio`` of them lie on the host (TwinFlow; the others stay on the GPU). ``stride`` 0: the CPU
    updates what lies on the host; k: every k-th of it is updated on the GPU (Deep Optimizer
    States). ``tiled``: the CPU goes on while the last subgroup is cast down and copied.
    ``flush``: whether backward waits for the gradients' way to the host. ``delayed``: iterations
    before which parameters are updated in time (ZeRO-Offload's delayed update); -1: always.
    """

    parameters: float
    subgroup: float
    ratio: float = 1.0
    stride: int = 0
    flush: Flush = "blocking"
    subgroups: int = 0
    tiled: bool = False
    delayed: int = -1

    def __post_init__(self) -> None:
        if not 0 < self.parameters <= 1e13:
            raise BadInput("parameters", f"must be above 0 and at most 1e13 "
                           f"(got {self.parameters:g})")  # fmt: skip
        if not 0 < self.subgroup <= 1e13:
            raise BadInput("subgroup", f"must be above 0 and at most 1e13 (got {self.subgroup:g})")
        if not 0 <= self.ratio <= 1:
            raise BadInput("ratio", f"must be from 0 to 1 (got {self.ratio:g})")
        if self.stride < 0 or self.stride == 1:
            raise BadInput("stride", f"must be 0 or at least 2 (got {self.stride})")
        if not 0 <= self.subgroups <= MOST_SUBGROUPS:
            raise BadInput("subgroups", f"must be from 0 to {MOST_SUBGROUPS:,} "
                           f"(got {self.subgroups:,})")  # fmt: skip
        if self.parameters / self.subgroup > MOST_SUBGROUPS and not self.subgroups:
            raise BadInput("subgroup", f"gives more than {MOST_SUBGROUPS:,} subgroups")

    @property
    def sizes(self) -> list[float]:
        """Parameters of each subgroup; where they have a size, the last one is what is left."""
        if self.subgroups:
            return [self.parameters / self.subgroups] * self.subgroups
        count = max(1, -int(-self.parameters // self.subgroup))
        sizes = [self.subgroup] * (count - 1)
        return [*sizes, self.parameters - self.subgroup * (count - 1)]

    @property
    def on_host(self) -> int:
        """How many subgroups have their state on the host; they come first, rounded down."""
        return int(self.ratio * len(self.sizes))

    def on_gpu(self, subgroup: int) -> bool:
        """Whether the GPU updates a subgroup: it holds its state, or fetches it."""
        if subgroup >= self.on_host:
            return True
        return bool(self.stride) and (subgroup + 1) % self.stride == 0

    @property
    def flushed(self) -> float:
        """Parameters whose gradients go to the host."""
        return sum(size for i, size in enumerate(self.sizes) if not self.on_gpu(i))
