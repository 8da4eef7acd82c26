"""One constant of a device at several values, for all eight GPT models, as a Result."""

from __future__ import annotations

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_hardware.config import SweepConfig
from engine.labs.memory_hardware.config.speedup import swept_values
from engine.labs.memory_hardware.program import Choices
from engine.labs.memory_hardware.serving import build_device
from engine.labs.memory_hardware.shapes import GPT_SHAPES, SHAPES
from engine.labs.memory_hardware.speedup import Progress, distinct, quiet
from engine.labs.memory_hardware.sweep import point
from engine.labs.memory_hardware.sweep import sweep as over_values


def sweep(config: SweepConfig, progress: Progress = quiet) -> Result:
    """total_ns (model, value) at ``values`` (value,), and base_ns (model,) as the device is.

    Values that no device can have are left out and told in ``notes``.
    """
    device, choices = build_device(config), Choices(head=config.head)
    groups = distinct()
    found = over_values(
        device,
        [SHAPES[first] for first in groups],
        config.constant,
        swept_values(device, config.constant, config.values),
        config.tokens,
        choices=choices,
        progress=progress,
    )
    base = [point(device, SHAPES[first], config.tokens, choices).ns for first in groups]
    possible = [i for i, value in enumerate(found.values) if value not in found.refused]
    row = {name: i for i, members in enumerate(groups.values()) for name in members}
    rows = [row[name] for name in GPT_SHAPES]
    return Result(
        fields={
            "values": Field(found.values[possible], ("value",)),
            "total_ns": Field(found.ns[rows][:, possible], ("model", "value"), "ns"),
            "base_ns": Field(np.array(base)[rows], ("model",), "ns"),
        },
        metrics={"now": device[config.constant], "tokens": config.tokens},
        notes={
            "models": list(GPT_SHAPES),
            "same": list(groups.values()),
            "constant": config.constant,
            "source": device.constants[config.constant].source,
            "device": device.title,
            "refused": [f"{value:g}: {why}" for value, why in found.refused.items()],
        },
    )
