"""One optimizer step as a timeline: CPU Adam, downcast, both directions of the link, GPU Adam.

A rank's fp32 state is cut into subgroups. Without interleaving (ZeRO-Offload, arXiv 2101.06840)
each subgroup on the host is updated, cast down and copied to the GPU, one after the other. With
stride k (Deep Optimizer States, arXiv 2410.21316) every k-th subgroup is fetched, updated on the
GPU and written back, while the CPU updates the others; casting and copying then have threads of
their own. TwinFlow's ratio keeps the rest of the subgroups on the GPU for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.core.errors import BadInput
from engine.labs.memory_hardware.offload.node import GIGA, Node

Lane = Literal["CPU Adam", "downcast", "H2D", "D2H", "GPU Adam"]
LANES: tuple[Lane, ...] = ("CPU Adam", "downcast", "H2D", "D2H", "GPU Adam")
STATE_BYTES = 12  # fp32 parameters, first and second moment
HALF_BYTES = 2
MOST_SUBGROUPS = 100_000


@dataclass(frozen=True, slots=True)
class Span:
    """One subgroup's time on one lane, in seconds."""

    lane: Lane
    subgroup: int
    start: float
    end: float


@dataclass(frozen=True)
class Plan:
    """How a rank's ``parameters`` are updated.

    ``ratio`` of the subgroups lie on the host; ``stride`` 0: the CPU updates them all.
    """

    parameters: float
    subgroup: float
    ratio: float = 1.0
    stride: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.parameters <= 1e13:
            raise BadInput("parameters", f"must be above 0 (got {self.parameters:g})")
        if not 0 < self.subgroup <= 1e13:
            raise BadInput("subgroup", f"must be above 0 (got {self.subgroup:g})")
        if not 0 <= self.ratio <= 1:
            raise BadInput("ratio", f"must be from 0 to 1 (got {self.ratio:g})")
        if self.stride < 0 or self.stride == 1:
            raise BadInput("stride", f"must be 0 or at least 2 (got {self.stride})")
        if self.parameters / self.subgroup > MOST_SUBGROUPS:
            raise BadInput("subgroup", f"gives more than {MOST_SUBGROUPS:,} subgroups")

    @property
    def sizes(self) -> list[float]:
        """Parameters of each subgroup; the last one is what is left."""
        count = max(1, -int(-self.parameters // self.subgroup))
        sizes = [self.subgroup] * (count - 1)
        return [*sizes, self.parameters - self.subgroup * (count - 1)]


def simulate_step(plan: Plan, node: Node) -> list[Span]:
    """Every span of one step; the step ends with the last of them, plus the node's overhead."""
    sizes = plan.sizes
    on_host = round(plan.ratio * len(sizes))
    timeline = _Timeline(node)
    for i, size in enumerate(sizes[on_host:], start=on_host):
        timeline.run("GPU Adam", i, size / (node.gpu_adam * GIGA), 0.0)
    if plan.stride:
        _interleaved(sizes[:on_host], plan.stride, timeline)
    else:
        _one_by_one(sizes[:on_host], timeline)
    return timeline.spans


def step_seconds(plan: Plan, node: Node) -> float:
    """How long the step takes."""
    return node.overhead + max((span.end for span in simulate_step(plan, node)), default=0.0)


class _Timeline:
    """Lanes that do one thing at a time, in the order in which it is asked of them."""

    def __init__(self, node: Node):
        self.node = node
        self.free: dict[Lane, float] = dict.fromkeys(LANES, 0.0)
        self.spans: list[Span] = []

    def run(self, lane: Lane, subgroup: int, seconds: float, ready: float) -> float:
        """Occupy a lane from when it is free and the input is ``ready``; returns the end."""
        start = max(self.free[lane], ready)
        self.free[lane] = start + seconds
        self.spans.append(Span(lane, subgroup, start, start + seconds))
        return start + seconds

    def seconds(self, lane: Lane, size: float, size_bytes: int = 0) -> float:
        """How long ``size`` parameters take on a lane."""
        rates = {
            "CPU Adam": self.node.cpu_adam,
            "downcast": self.node.downcast,
            "GPU Adam": self.node.gpu_adam,
        }
        if lane in rates:
            return size / (rates[lane] * GIGA)
        return size_bytes * size / (self.node.link * GIGA)


def _one_by_one(sizes: list[float], timeline: _Timeline) -> None:
    """Update, cast and copy a subgroup before the next one is begun."""
    done = 0.0
    for i, size in enumerate(sizes):
        done = timeline.run("CPU Adam", i, timeline.seconds("CPU Adam", size), done)
        done = timeline.run("downcast", i, timeline.seconds("downcast", size), done)
        done = timeline.run("H2D", i, timeline.seconds("H2D", size, HALF_BYTES), done)


def _interleaved(sizes: list[float], stride: int, timeline: _Timeline) -> None:
    """Every ``stride``-th subgroup on the GPU; its state is fetched when a window begins."""
    fetched: dict[int, float] = {}
    for i, size in enumerate(sizes):
        if i % stride == 0:
            following = i + stride - 1
            if following < len(sizes):
                seconds = timeline.seconds("H2D", sizes[following], STATE_BYTES)
                fetched[following] = timeline.run("H2D", following, seconds, 0.0)
        if (i + 1) % stride == 0:
            seconds = timeline.seconds("GPU Adam", size)
            done = timeline.run("GPU Adam", i, seconds, fetched[i])
            timeline.run("D2H", i, timeline.seconds("D2H", size, STATE_BYTES), done)
            continue
        done = timeline.run("CPU Adam", i, timeline.seconds("CPU Adam", size), 0.0)
        done = timeline.run("downcast", i, timeline.seconds("downcast", size), done)
        timeline.run("H2D", i, timeline.seconds("H2D", size, HALF_BYTES), done)
