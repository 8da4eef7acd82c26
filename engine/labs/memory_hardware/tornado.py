"""Each constant of a memory halved and doubled: which of them the time depends on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.labs.memory_hardware.choices import timed
from engine.labs.memory_hardware.config import TornadoConfig
from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.serving import build_device, choices_of
from engine.labs.memory_hardware.shapes import load_shape

ENDS = ("divided", "multiplied")


def tornado(
    config: TornadoConfig,
    read: Callable[[str], bytes],
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Result:
    """total_ns and ``value`` (constant, end); NaN where no such memory can exist.

    Constants that have no effect at either end are listed in ``notes`` only. Whole numbers are
    rounded; one that stays as it is has no effect.
    """
    device, shape = build_device(config), load_shape(config.model, read)
    choices = choices_of(config)

    def run(at: Device) -> float:
        cycles = generate(Compiler(shape, at, choices), config.tokens).cycles
        return float(cycles * at["timing.tck_ns"])

    base = run(device)
    names = timed(device)
    total = np.full((len(names), 2), np.nan)
    value = np.zeros((len(names), 2))
    refused = []
    for i, name in enumerate(names):
        now = device[name]
        for end, factor in enumerate((1 / config.factor, config.factor)):
            value[i, end] = device.rounded(name, now * factor)
            if value[i, end] == now:
                total[i, end] = base
                continue
            try:
                total[i, end] = run(device.changed({name: float(value[i, end])}))
            except BadInput as error:
                refused.append(f"{name} {ENDS[end]}: {error.reason}")
        progress(i + 1, len(names))
    telling = np.nanmax(np.abs(np.nan_to_num(total, nan=base) - base), axis=1) > 0
    order = np.argsort(-_reach(total, base), kind="stable")
    kept = [i for i in order if telling[i]]
    return Result(
        fields={
            "total_ns": Field(total[kept], ("constant", "end"), "ns"),
            "value": Field(value[kept], ("constant", "end")),
            "now": Field(np.array([device[names[i]] for i in kept]), ("constant",)),
        },
        metrics={"base_ns": base, "factor": config.factor, "tokens": config.tokens},
        notes={
            "model": shape.name,
            "device": device.title,
            "constants": [names[i] for i in kept],
            "sources": [device.constants[names[i]].source for i in kept],
            "without_effect": [names[i] for i in range(len(names)) if not telling[i]],
            "refused": refused,
        },
    )


def _reach(total: np.ndarray, base: float) -> np.ndarray:
    """The distance between the slowest and the fastest end, the unchanged memory included."""
    ends = np.column_stack([np.nan_to_num(total, nan=base), np.full(len(total), base)])
    return ends.max(axis=1) - ends.min(axis=1)
