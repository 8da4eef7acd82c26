"""How the published ratios come about: the eight GPT models against a GPU and a CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.labs.memory_hardware.baseline import Baselines, cpu_ns, cpu_pj, gpu_ns, gpu_pj
from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.program import Choices
from engine.labs.memory_hardware.shapes import SHAPES, Shape
from engine.labs.memory_hardware.sweep import USUAL, point

EIGHT = tuple(shape for name, shape in SHAPES.items() if name.startswith("gpt"))
ASSUMED = Baselines()


@dataclass(frozen=True)
class Ratios:
    """Of one model: baseline over device, in time and in energy (None: currents not known)."""

    model: str
    speedup_gpu: float
    speedup_cpu: float
    energy_gpu: float | None
    energy_cpu: float | None


def reconstruct(
    device: Device,
    tokens: int = 1024,
    *,
    shapes: Sequence[Shape] = EIGHT,
    choices: Choices = USUAL,
    given: Baselines = ASSUMED,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> tuple[Ratios, ...]:
    """The ratios of each model for ``tokens`` tokens from an empty context.

    The baselines leave out the head (see ``baseline``); ``choices`` say whether the device has it.
    """
    rows = []
    for number, shape in enumerate(shapes):
        own = point(device, shape, tokens, choices)
        rows.append(
            Ratios(
                shape.name,
                gpu_ns(shape, tokens, given) / own.ns,
                cpu_ns(shape, tokens, 0, given) / own.ns,
                own.pj and gpu_pj(shape, tokens, given) / own.pj,
                own.pj and cpu_pj(shape, tokens, 0, given) / own.pj,
            )
        )
        progress(number + 1, len(shapes))
    return tuple(rows)
