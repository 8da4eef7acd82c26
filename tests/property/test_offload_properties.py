"""Steps and iterations on random plans and nodes: lanes, order, and what rates may do."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.labs.memory_hardware.offload.iteration import simulate
from engine.labs.memory_hardware.offload.node import Node
from engine.labs.memory_hardware.offload.plan import Plan
from engine.labs.memory_hardware.offload.schedule import Schedule
from engine.labs.memory_hardware.offload.step import schedule_step, step_seconds
from engine.labs.memory_hardware.offload.work import Work

NODES = st.builds(
    Node,
    cpu_adam=st.floats(0.2, 10),
    downcast=st.floats(0.5, 100),
    link=st.floats(2, 100),
    gpu_adam=st.floats(5, 100),
    host=st.floats(10, 1000),
    flush=st.floats(0.2, 10),
    upcast=st.floats(1, 100),
    tflops=st.floats(10, 1000),
)
PLANS = st.builds(
    Plan,
    parameters=st.floats(1e8, 2e10),
    subgroup=st.just(1e9),
    ratio=st.floats(0, 1),
    stride=st.sampled_from([0, 2, 3, 5]),
    flush=st.sampled_from(["blocking", "async"]),
    tiled=st.booleans(),
    delayed=st.sampled_from([-1, 0, 1]),
)
TOLERANCE = 1e-9


def check(made: Schedule) -> None:
    """No two spans of a lane overlap, none starts before what it needs, none is too short."""
    lanes: dict[str, list[tuple[float, float]]] = {}
    for i, task in enumerate(made.tasks):
        lanes.setdefault(task.lane, []).append((made.start[i], made.end[i]))
        assert made.end[i] - made.start[i] >= task.seconds * (1 - 1e-9)
        assert all(made.start[i] >= made.end[j] - TOLERANCE for j in task.after)
        cause = made.cause[i]
        if cause >= 0:
            assert abs(made.end[cause] - made.start[i]) <= TOLERANCE
        else:
            assert made.start[i] == 0
    for spans in lanes.values():
        for before, after in itertools.pairwise(sorted(spans)):
            assert before[1] <= after[0] + TOLERANCE


@settings(max_examples=40, deadline=None)
@given(PLANS, NODES)
def test_spans_of_iterations_never_overlap_and_have_a_cause(plan: Plan, node: Node) -> None:
    check(simulate(plan, node, Work(plan.parameters * 4, 2048), iterations=3).schedule)
    check(simulate(plan, node, Work(plan.parameters, 512), gpus=4, fabric=50).schedule)


@settings(max_examples=60, deadline=None)
@given(PLANS, NODES, st.sampled_from(["cpu_adam", "downcast", "link", "gpu_adam"]),
       st.floats(1.05, 4))  # fmt: skip
def test_without_interleaving_a_faster_node_is_never_slower(
    plan: Plan, node: Node, rate: str, factor: float
) -> None:
    # What runs beside each other may slow each other down where host memory binds.
    plan, node = replace(plan, stride=0), replace(node, host=1e5 if plan.tiled else node.host)
    quick = replace(node, **{rate: getattr(node, rate) * factor})
    assert step_seconds(plan, quick) <= step_seconds(plan, node) * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(PLANS, NODES, st.floats(1.05, 4))
def test_all_rates_times_a_factor_divide_the_step(plan: Plan, node: Node, factor: float) -> None:
    quick = Node(**{
        name: getattr(node, name) * factor
        for name in ("cpu_adam", "downcast", "link", "gpu_adam", "host")
    })  # fmt: skip
    step = step_seconds(plan, node)
    assert abs(step_seconds(plan, quick) * factor - step) <= 1e-6 * step


@settings(max_examples=40, deadline=None)
@given(PLANS, NODES)
def test_nothing_on_the_host_leaves_the_cpu_and_the_link_idle(plan: Plan, node: Node) -> None:
    made = simulate(replace(plan, ratio=0.0), node, Work(plan.parameters, 2048))
    assert {task.lane for task in made.schedule.tasks} == {"GPU compute", "GPU Adam"}


@settings(max_examples=40, deadline=None)
@given(PLANS, NODES)
def test_every_subgroup_is_updated_once_and_every_byte_moves_once(plan: Plan, node: Node) -> None:
    made = schedule_step(plan, node)
    updated = sorted(task.item for task in made.tasks if task.kind == "update")
    assert updated == list(range(len(plan.sizes)))
    moved = sum(task.host_bytes for task in made.tasks if task.lane in ("H2D", "D2H"))
    on_host = plan.sizes[: plan.on_host]
    expected = sum(24 * s if plan.on_gpu(i) else 2 * s for i, s in enumerate(on_host))
    assert abs(moved - expected) <= 1e-6 * max(expected, 1)
