"""Whole iterations as tasks: forward, backward with the gradients' way to the host, update.

The gradients of subgroups that the CPU updates go to the host during the backward pass. A blocking
flush makes the GPU wait for each of them; an asynchronous one casts them to fp32 on the GPU and
lets the copies run beside the rest of the pass (DataStates/DeepSpeed, stage3.py). With the delayed
update of ZeRO-Offload (arXiv 2101.06840, section 5.2) an update runs beside the next iteration,
whose parameters are then one step old. With several GPUs the gradients are reduced and scattered
before their copy and the new parameters gathered after theirs (section 4.2), where the node gives
a rate for it; measured rates of a node contain both.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.labs.memory_hardware.offload.node import GIGA, Node
from engine.labs.memory_hardware.offload.plan import Plan
from engine.labs.memory_hardware.offload.schedule import Schedule, Task, schedule
from engine.labs.memory_hardware.offload.step import HALF_BYTES, LANES, Update
from engine.labs.memory_hardware.offload.work import Work

BESIDE, FABRIC = "framework", "GPU fabric"
EVERY_LANE = (*LANES[:1], FABRIC, *LANES[1:], BESIDE)
FLOAT_BYTES = 4
PHASES = ("forward", "backward", "step", "other")


@dataclass(frozen=True, eq=False)
class Iterations:
    """Consecutive iterations of one rank, and the seconds of the last whole one by phase."""

    schedule: Schedule
    iterations: int
    seconds: float
    phases: dict[str, float]


class _Builder:
    def __init__(self, plan: Plan, node: Node, work: Work, gpus: int, fabric: float):
        self.plan, self.node, self.work = plan, node, work
        self.gpus, self.fabric = gpus, fabric
        self.tasks: list[Task] = []
        self.sizes = plan.sizes

    def add(self, lane: str, kind: str, i: int, seconds: float, iteration: int,
            after: tuple[int, ...], host_bytes: float = 0.0) -> int:  # fmt: skip
        self.tasks.append(Task(lane, kind, i, seconds, host_bytes, after, iteration))
        return len(self.tasks) - 1

    def forward(self, iteration: int, after: tuple[int, ...]) -> int:
        """The forward pass, a span for each subgroup of parameters; returns the last one."""
        whole = self.work.forward_seconds(self.node)
        done = -1
        for i, size in enumerate(self.sizes):
            seconds = whole * size / self.plan.parameters
            needs = after if done < 0 else (done,)
            done = self.add("GPU compute", "forward", i, seconds, iteration, needs)
        return done

    def backward(self, iteration: int, done: int) -> tuple[int, ...]:
        """The backward pass with the flush; returns what an update has to wait for."""
        whole = self.work.backward_seconds(self.node)
        blocking = self.plan.flush == "blocking"
        flushed: int | None = None
        for i in reversed(range(len(self.sizes))):
            size = self.sizes[i]
            done = self.add("GPU compute", "backward", i, whole * size / self.plan.parameters,
                            iteration, (done,))  # fmt: skip
            ready = self._scattered(iteration, i, done)
            if self.plan.on_gpu(i):
                continue
            if blocking:
                seconds = size / (self.node.flush * GIGA)
                moved = FLOAT_BYTES * size
                flushed = done = self.add("D2H", "gradients", i, seconds, iteration, (ready,),
                                          moved)  # fmt: skip
                continue
            seconds = size / (self.node.upcast * GIGA)
            done = self.add("GPU compute", "cast up", i, seconds, iteration, (ready, done))
            seconds = FLOAT_BYTES * size / (self.node.link * GIGA)
            flushed = self.add("D2H", "gradients", i, seconds, iteration, (done,),
                               FLOAT_BYTES * size)  # fmt: skip
        return (done,) if flushed is None else (done, flushed)

    def _scattered(self, iteration: int, i: int, done: int) -> int:
        """Reduce a subgroup's gradients over the GPUs and leave each its part."""
        if not self._apart:
            return done
        return self.add(FABRIC, "reduce-scatter", i, self._collective(i), iteration, (done,))

    def gathered(self, iteration: int, after: tuple[int, ...]) -> tuple[int, ...]:
        """Gather the new parameters of all ranks."""
        if not self._apart:
            return after
        return tuple(
            self.add(FABRIC, "all-gather", i, self._collective(i), iteration, after)
            for i in range(len(self.sizes))
        )

    @property
    def _apart(self) -> bool:
        return self.gpus > 1 and self.fabric > 0

    def _collective(self, i: int) -> float:
        """A ring moves (N - 1) parts of a rank's size over every link."""
        return HALF_BYTES * self.sizes[i] * (self.gpus - 1) / (self.fabric * GIGA)


def simulate(
    plan: Plan, node: Node, work: Work, *, iterations: int = 2, gpus: int = 1, fabric: float = 0.0
) -> Iterations:
    """``iterations`` of one rank; ``fabric`` in GB/s between GPUs, 0 where rates contain it.

    Raises ValueError for fewer than two iterations: the last begins when the one before has ended.
    """
    if iterations < 2:
        raise ValueError("an iteration ends where the next begins: at least two are needed")
    builder = _Builder(plan, node, work, gpus, fabric)
    tasks = builder.tasks
    ready: list[tuple[int, ...]] = [(), ()]  # what the forward pass of an iteration may wait for
    begins = []
    between: tuple[int, ...] = ()
    updated: tuple[int, ...] = ()
    for j in range(iterations):
        late = 0 <= plan.delayed < j
        begins.append(len(tasks))
        done = builder.forward(j, (*ready[j], *between) if late else (*ready[j + 1], *between))
        backward = builder.backward(j, done)
        step = Update(plan, node, tasks, (*backward, *updated), j)
        updated = builder.gathered(j, step.all)
        # What the framework does between iterations does not wait for a late update.
        between = backward if 0 <= plan.delayed <= j else updated
        if rest := _rest(plan, node):
            between = (builder.add(BESIDE, "other", -1, rest, j, between),)
        ready.append(updated)
    made = schedule(tasks, node.host * GIGA)
    return Iterations(made, iterations, *_phases(made, begins, _rest(plan, node)))


def _rest(plan: Plan, node: Node) -> float:
    """Seconds of an iteration that belong to none of its phases."""
    return node.overhead + node.other + (node.interleaving if plan.stride else 0.0)


def _phases(made: Schedule, begins: list[int], rest: float) -> tuple[float, dict[str, float]]:
    """The iteration before the last: from its forward pass to that of the last one."""
    which = len(begins) - 2
    at, until = made.start[begins[which]], made.start[begins[which + 1]]
    own = [i for i, task in enumerate(made.tasks) if task.iteration == which]
    ends = {
        kinds: max((made.end[i] for i in own if made.tasks[i].kind in kinds), default=at)
        for kinds in (("forward",), ("backward", "gradients", "cast up"))
    }
    forward, backward = ends.values()
    over = until - at
    phases = {"forward": forward - at, "backward": backward - forward}
    phases["other"] = min(rest, over)
    phases["step"] = max(0.0, over - sum(phases.values()))
    return float(over), {name: float(phases[name]) for name in PHASES}
