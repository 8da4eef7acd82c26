"""Tasks on lanes against a slow twin, whole iterations, the delayed update, and memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core import BadInput
from engine.labs.memory_hardware.offload.capacity import Activations
from engine.labs.memory_hardware.offload.iteration import simulate
from engine.labs.memory_hardware.offload.memory import Footprint, gpu_memory, host_memory
from engine.labs.memory_hardware.offload.node import Node
from engine.labs.memory_hardware.offload.plan import Plan
from engine.labs.memory_hardware.offload.schedule import Task, schedule
from engine.labs.memory_hardware.offload.step import schedule_step, step_seconds
from engine.labs.memory_hardware.offload.work import Work

NODE = Node(cpu_adam=2.0, downcast=10.0, link=20.0, tflops=100.0, flush=1.0, upcast=10.0)
PLAN = Plan(4e9, 1e9)
WORK = Work(16e9, 2048)


def test_a_task_waits_for_its_lane_and_for_what_it_needs() -> None:
    made = schedule(
        [Task("a", "x", 0, 2.0), Task("a", "x", 1, 1.0), Task("b", "y", 0, 1.0, after=(0,)),
         Task("a", "x", 2, 1.0, after=(2,))],
        host_rate=1.0,
    )  # fmt: skip
    assert made.start.tolist() == [0.0, 2.0, 2.0, 3.0]
    assert made.end.tolist() == [2.0, 3.0, 3.0, 4.0]
    assert made.cause.tolist() == [-1, 0, 0, 2]


def test_what_shares_host_memory_slows_down_together() -> None:
    # Each asks for 10 bytes a second of 10: both take twice as long, then one is alone.
    made = schedule([Task("a", "x", 0, 1.0, 10.0), Task("b", "x", 0, 2.0, 20.0)], host_rate=10.0)
    assert made.end.tolist() == pytest.approx([2.0, 3.0])
    alone = schedule([Task("a", "x", 0, 1.0, 10.0)], host_rate=5.0)
    assert alone.seconds == pytest.approx(2.0)


def test_a_task_cannot_wait_for_a_later_one() -> None:
    with pytest.raises(ValueError, match="task 0 waits for 1"):
        schedule([Task("a", "x", 0, 1.0, after=(1,)), Task("a", "x", 0, 1.0)], 1.0)


def test_the_gpu_holds_one_fetched_subgroup_at_a_time() -> None:
    made = schedule_step(replace(PLAN, parameters=12e9, stride=2), NODE)
    held = 0
    events = []
    for task, start, end in zip(made.tasks, made.start, made.end, strict=True):
        if task.kind == "state":
            events.append((start, 1) if task.lane == "H2D" else (end, -1))
    for _, change in sorted(events):
        held += change
        assert held in (0, 1)
    assert held == 0


def test_a_serial_step_is_the_same_by_tasks_and_by_sums() -> None:
    for ratio in (0.0, 0.3, 1.0):
        for host in (1e5, 30.0):
            plan, node = Plan(4.3e9, 1e9, ratio), replace(NODE, host=host)
            assert step_seconds(plan, node) == pytest.approx(schedule_step(plan, node).seconds)


def test_an_iteration_is_the_sum_of_its_phases() -> None:
    made = simulate(PLAN, replace(NODE, other=0.25), WORK)
    forward, backward = 2 * 16e9 * 2048 / 1e14, 6 * 16e9 * 2048 / 1e14
    assert made.phases["forward"] == pytest.approx(forward)
    assert made.phases["backward"] == pytest.approx(backward + 4.0)  # 4e9 at a flush of 1e9
    assert made.phases["step"] == pytest.approx(step_seconds(PLAN, NODE))
    assert made.phases["other"] == pytest.approx(0.25)
    assert made.seconds == pytest.approx(sum(made.phases.values()))


def test_an_asynchronous_flush_hides_its_copies_behind_the_backward_pass() -> None:
    plan = replace(PLAN, flush="async")
    made = simulate(plan, NODE, WORK)
    compute = 6 * 16e9 * 2048 / 1e14
    last = 4 * 1e9 / 20e9  # the copy of the last subgroup has nothing to hide behind
    assert made.phases["backward"] == pytest.approx(compute + 4 / 10 + last)
    slow = simulate(plan, replace(NODE, link=1.0), WORK)
    assert slow.phases["backward"] > 4 * 4.0  # 16 GB over 1 GB/s


@pytest.mark.parametrize("tflops", [20.0, 100.0, 1000.0])
def test_with_a_delayed_update_the_slower_side_decides(tflops: float) -> None:
    node = replace(NODE, tflops=tflops, upcast=1e5, link=1000.0)
    plan = replace(PLAN, flush="async", delayed=0)
    made = simulate(plan, node, WORK, iterations=6)
    gpu = 8 * 16e9 * 2048 / (tflops * 1e12)
    assert made.seconds == pytest.approx(max(gpu, step_seconds(plan, node)), rel=0.01)


def test_the_first_iterations_of_a_delayed_update_are_in_time() -> None:
    late = simulate(replace(PLAN, delayed=2), NODE, WORK, iterations=5).schedule
    fresh = simulate(PLAN, NODE, WORK, iterations=5).schedule

    def begins(made: object, j: int) -> float:
        tasks = late.tasks if made is late else fresh.tasks
        first = next(i for i, task in enumerate(tasks) if task.iteration == j)
        return float((late if made is late else fresh).start[first])

    assert [begins(late, j) == pytest.approx(begins(fresh, j)) for j in range(5)] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_gpus_share_the_update_and_meet_around_the_copies() -> None:
    alone = simulate(Plan(8e9, 1e9), NODE, Work(8e9, 2048))
    parted = simulate(Plan(2e9, 0.25e9), NODE, Work(8e9, 2048), gpus=4, fabric=100.0)
    assert parted.phases["step"] < alone.phases["step"] / 3
    made = parted.schedule
    kinds = {task.kind for task in made.tasks}
    assert {"reduce-scatter", "all-gather"} <= kinds
    ends = {(t.kind, t.item): e for t, e in zip(made.tasks, made.end, strict=True)
            if t.iteration == 0}  # fmt: skip
    starts = {(t.kind, t.item): s for t, s in zip(made.tasks, made.start, strict=True)
              if t.iteration == 0}  # fmt: skip
    for item in range(8):
        assert starts["gradients", item] >= ends["reduce-scatter", item]
        assert starts["all-gather", item] >= ends["new parameters", 7]


def test_memory_comes_back_to_where_it_began() -> None:
    acts = Activations(2048, 1, True, 32000)
    footprint = Footprint(4e9, 1e9, acts, 4096, 32)
    late = replace(PLAN, flush="async")
    for plan in (PLAN, late, replace(late, stride=2), replace(PLAN, ratio=0.5),
                 replace(late, ratio=0.5, stride=2)):  # fmt: skip
        held = gpu_memory(simulate(plan, NODE, WORK), plan, footprint)
        rest = 9.0 + (24.0 if plan.ratio == 0.5 else 0.0)  # 2 bytes of 4e9, buffers, fp32 state
        assert held.gb[0] == pytest.approx(rest) and held.gb[-1] == pytest.approx(rest)
        assert held.gb.min() > rest - 1e-6 and np.all(np.diff(held.time) > 0)
    assert host_memory(PLAN) == pytest.approx(64.0) and host_memory(
        replace(PLAN, ratio=0.5)
    ) == pytest.approx(32.0)


def test_gradients_of_subgroups_for_the_gpu_pile_up() -> None:
    footprint = Footprint(4e9, 0.0, Activations(1, 1, True, 1), 64, 1)
    plan = replace(PLAN, flush="async", stride=2)
    held = gpu_memory(simulate(plan, NODE, WORK), plan, footprint).gb
    plain = replace(PLAN, flush="async")
    other = gpu_memory(simulate(plain, NODE, WORK), plain, footprint).gb
    # Half of the gradients, 2 bytes each of 2e9, stay until their update.
    assert held.max() > 8.0 + 4.0 and other.max() < 8.0 + 4.0 * 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"parameters": 0.0}, "parameters: must be above 0"),
        ({"subgroup": -1.0}, "subgroup: must be above 0"),
        ({"ratio": 1.5}, "ratio: must be from 0 to 1"),
        ({"stride": 1}, "stride: must be 0 or at least 2"),
        ({"subgroup": 1.0}, "more than 20,000 subgroups"),
        ({"subgroups": 10**6}, "subgroups: must be from 0 to 20,000"),
    ],
)
def test_an_impossible_plan_is_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Plan(**{"parameters": 4e9, "subgroup": 1e9, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", ["cpu_adam", "downcast", "link", "gpu_adam", "host", "tflops"])
def test_an_impossible_node_is_refused(rate: str) -> None:
    with pytest.raises(BadInput, match=f"{rate}: must be from"):
        replace(NODE, **{rate: 0.0})
