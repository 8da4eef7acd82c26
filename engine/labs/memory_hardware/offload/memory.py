"""What lies on the GPU and on the host while iterations run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.labs.memory_hardware.offload.capacity import Activations
from engine.labs.memory_hardware.offload.iteration import FLOAT_BYTES, Iterations
from engine.labs.memory_hardware.offload.plan import Plan
from engine.labs.memory_hardware.offload.step import HALF_BYTES, STATE_BYTES

GB = 1e9
HEAD = 128


@dataclass(frozen=True)
class Footprint:
    """What a rank holds beside its subgroups: bytes that stay, and the model's activations.

    ``parameters`` are the rank's own, half-precision copies of which lie on the GPU.
    """

    parameters: float
    fixed: float
    activations: Activations
    hidden: float
    layers: float


@dataclass(frozen=True, eq=False)
class Held:
    """``gb`` (points,) from ``time`` (points,) in seconds on."""

    time: np.ndarray
    gb: np.ndarray


def gpu_memory(made: Iterations, plan: Plan, footprint: Footprint) -> Held:
    """GB on the GPU: parameters, activations, gradients on their way, fetched subgroups.

    Gradients appear with their span of the backward pass. Those of subgroups that the GPU updates
    stay until then; the others leave with their copy, which an asynchronous flush first casts up.
    """
    changes = [(0.0, _at_rest(plan, footprint))]
    sizes, acts = plan.sizes, footprint.activations
    inputs = acts.inputs(footprint.hidden, footprint.layers)
    layer = acts.layer(footprint.hidden, HEAD)
    last = len(sizes) - 1
    for task, start, end in zip(
        made.schedule.tasks, made.schedule.start, made.schedule.end, strict=True
    ):
        i = task.item
        size = sizes[i] if i >= 0 else 0.0
        part = inputs * size / plan.parameters
        match (task.lane, task.kind):
            case ("GPU compute", "forward"):
                changes.append((end, part + (acts.logits if i == last else 0.0)))
            case ("GPU compute", "backward"):
                changes += [(start, layer), (end, HALF_BYTES * size - part - layer)]
                changes += [(end, -acts.logits)] if i == last else []
            case ("GPU compute", "cast up"):
                changes.append((end, (FLOAT_BYTES - HALF_BYTES) * size))
            case ("D2H", "gradients"):
                width = HALF_BYTES if plan.flush == "blocking" else FLOAT_BYTES
                changes.append((end, -width * size))
            case ("H2D", "state"):
                changes.append((start, STATE_BYTES * size))
            case ("D2H", "state"):
                changes.append((end, -STATE_BYTES * size))
            case ("GPU Adam", "update"):
                changes.append((end, -HALF_BYTES * size))
    return _summed(changes)


def after_forward(plan: Plan, footprint: Footprint) -> float:
    """GB on the GPU between the passes: the inputs of all layers and the scores have come."""
    acts = footprint.activations
    come = acts.inputs(footprint.hidden, footprint.layers) + acts.logits
    return (_at_rest(plan, footprint) + come) / GB


def host_memory(plan: Plan) -> float:
    """GB on the host: fp32 state of what lies there, and fp32 gradients; held all the time."""
    there = sum(plan.sizes[: plan.on_host])
    return (STATE_BYTES + FLOAT_BYTES) * there / GB


def _at_rest(plan: Plan, footprint: Footprint) -> float:
    """Half-precision parameters, the state of subgroups that never leave, and what is fixed."""
    resident = STATE_BYTES * sum(plan.sizes[plan.on_host :])
    return HALF_BYTES * footprint.parameters + footprint.fixed + resident


def _summed(changes: list[tuple[float, float]]) -> Held:
    order = sorted(changes, key=lambda change: change[0])
    time = np.array([at for at, _ in order])
    held = np.cumsum([by for _, by in order]) / GB
    last = np.append(np.diff(time) > 0, True)  # of several changes at once only the sum
    return Held(time[last], held[last])
