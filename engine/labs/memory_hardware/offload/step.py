"""One optimizer step as tasks: CPU Adam, downcast, both directions of the link, GPU Adam.

A rank's fp32 state is cut into subgroups. Without interleaving (ZeRO-Offload, arXiv 2101.06840)
each subgroup on the host is updated, cast down and copied to the GPU, one after the other. With
stride k (Deep Optimizer States, arXiv 2410.21316) every k-th subgroup is fetched, updated on the
GPU and written back, while the CPU updates the others; casting and copying then have threads of
their own. As in the authors' code (DataStates/DeepSpeed, stage3.py) the GPU holds one such
subgroup: the last one is written back before the next is fetched, and the loop over subgroups
waits for the GPU. TwinFlow's ratio keeps the rest of the subgroups on the GPU for good; their turn
comes after those of the host.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.labs.memory_hardware.offload.node import GIGA, Node
from engine.labs.memory_hardware.offload.plan import Plan
from engine.labs.memory_hardware.offload.schedule import Schedule, Task, schedule

Lane = Literal["GPU compute", "D2H", "H2D", "CPU Adam", "downcast", "GPU Adam"]
LANES: tuple[Lane, ...] = ("GPU compute", "D2H", "H2D", "CPU Adam", "downcast", "GPU Adam")
STATE_BYTES = 12  # fp32 parameters, first and second moment
HALF_BYTES = 2
# Through host memory, a parameter: Adam reads p, m, v, g and writes p, m, v; a cast reads 4 bytes
# and writes 2.
ADAM_BYTES = 28
CAST_BYTES = 6


@dataclass(frozen=True, slots=True)
class Span:
    """One subgroup's time on one lane, in seconds."""

    lane: str
    subgroup: int
    start: float
    end: float


class Update:
    """The tasks of one step, appended to ``tasks``; all of them wait for ``after``."""

    def __init__(self, plan: Plan, node: Node, tasks: list[Task], after: tuple[int, ...] = (),
                 iteration: int = 0):  # fmt: skip
        self.plan, self.node, self.tasks = plan, node, tasks
        self.after, self.iteration = after, iteration
        self.sizes = plan.sizes
        first = len(tasks)
        run = self._interleaved if plan.stride else self._one_by_one
        last = run(plan.on_host)
        for i in range(plan.on_host, len(self.sizes)):
            self.adam("GPU Adam", i, last)
        self.all = tuple(range(first, len(tasks)))

    def add(self, lane: Lane, kind: str, i: int, seconds: float, host_bytes: float = 0.0,
            *after: int | None) -> int:  # fmt: skip
        """A task of subgroup ``i``; returns its position."""
        needs = tuple(task for task in after if task is not None) or self.after
        self.tasks.append(Task(lane, kind, i, seconds, host_bytes, needs, self.iteration))
        return len(self.tasks) - 1

    def adam(self, lane: Literal["CPU Adam", "GPU Adam"], i: int, *after: int | None) -> int:
        """Update a subgroup on the host or on the GPU."""
        on_host = lane == "CPU Adam"
        rate = self.node.cpu_adam if on_host else self.node.gpu_adam
        moved = ADAM_BYTES * self.sizes[i] if on_host else 0.0
        return self.add(lane, "update", i, self.sizes[i] / (rate * GIGA), moved, *after)

    def move(self, lane: Literal["H2D", "D2H"], kind: str, i: int, each: float,
             *after: int | None) -> int:  # fmt: skip
        """Bring ``each`` bytes of every parameter over the link."""
        size = each * self.sizes[i]
        return self.add(lane, kind, i, size / (self.node.link * GIGA), size, *after)

    def _return(self, i: int, updated: int) -> int:
        """Cast a subgroup down and copy it to the GPU."""
        seconds = self.sizes[i] / (self.node.downcast * GIGA)
        cast = self.add("downcast", "cast down", i, seconds, CAST_BYTES * self.sizes[i], updated)
        return self.move("H2D", "new parameters", i, HALF_BYTES, cast)

    def _one_by_one(self, count: int) -> int | None:
        """A subgroup is updated, cast and copied; unless tiled, before the next one is begun.

        Returns what the loop does last.
        """
        done: int | None = None
        for i in range(count):
            updated = self.adam("CPU Adam", i, done)
            done = self._return(i, updated)
            if self.plan.tiled:
                done = updated
        return done

    def _interleaved(self, count: int) -> int | None:
        """Every ``stride``-th subgroup on the GPU; its state is fetched when a window begins."""
        stride = self.plan.stride
        fetched: dict[int, int] = {}
        loop: int | None = None  # what the loop over subgroups has just done
        held: int | None = None  # the subgroup that the GPU has updated and not written back
        for i in range(count):
            if i % stride == 0:
                back = None
                if held is not None:
                    back, held = self.move("D2H", "state", held, STATE_BYTES, loop), None
                following = i + stride - 1
                if following < count:
                    fetched[following] = self.move(
                        "H2D", "state", following, STATE_BYTES, back, loop
                    )
            if (i + 1) % stride == 0:
                loop, held = self.adam("GPU Adam", i, fetched[i], loop), i
                continue
            loop = self.adam("CPU Adam", i, loop)
            self._return(i, loop)
        if held is not None:
            self.move("D2H", "state", held, STATE_BYTES, loop)
        return loop


def schedule_step(plan: Plan, node: Node) -> Schedule:
    """One step alone: when each of its tasks runs."""
    tasks: list[Task] = []
    Update(plan, node, tasks)
    return schedule(tasks, node.host * GIGA)


def simulate_step(plan: Plan, node: Node) -> list[Span]:
    """Every span of one step; the step ends with the last of them, plus the node's overhead."""
    made = schedule_step(plan, node)
    return [
        Span(task.lane, task.item, start, end)
        for task, start, end in zip(made.tasks, made.start.tolist(), made.end.tolist(), strict=True)
    ]


def step_seconds(plan: Plan, node: Node) -> float:
    """How long the step takes."""
    if plan.stride or plan.tiled:
        return node.overhead + schedule_step(plan, node).seconds
    return node.overhead + _serial(plan, node)


def _serial(plan: Plan, node: Node) -> float:
    """Nothing overlaps: sums instead of tasks."""
    host = node.host
    on_host = sum(plan.sizes[: plan.on_host])
    own = 1 / min(node.cpu_adam, host / ADAM_BYTES) + 1 / min(node.downcast, host / CAST_BYTES)
    own += HALF_BYTES / min(node.link, host)
    return (own * on_host + (plan.parameters - on_host) / node.gpu_adam) / GIGA
