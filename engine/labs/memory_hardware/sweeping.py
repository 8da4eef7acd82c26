"""One constant of a device at several values, for all eight GPT models."""

from __future__ import annotations

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_hardware.config import SweepConfig
from engine.labs.memory_hardware.config.speedup import swept_values
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.serving import build_device
from engine.labs.memory_hardware.shapes import GPT_SHAPES, SHAPES
from engine.labs.memory_hardware.speedup import Progress, distinct, quiet


def sweep(config: SweepConfig, progress: Progress = quiet) -> Result:
    """total_ns (model, value) at ``values`` (value,), and base_ns (model,) as the device is."""
    device = build_device(config)
    now = device[config.constant]
    values = swept_values(device, config.constant, config.values)
    points = sorted({*values, now})
    groups = distinct()
    total = np.zeros((len(GPT_SHAPES), len(points)))
    done = 0
    for first, members in groups.items():
        for i, value in enumerate(points):
            changed = device.changed({config.constant: value})
            compiler = Compiler(SHAPES[first], changed, Choices(head=config.head))
            ns = generate(compiler, config.tokens).cycles * changed["timing.tck_ns"]
            total[[GPT_SHAPES.index(name) for name in members], i] = ns
            done += 1
            progress(done, len(groups) * len(points))
    kept = [points.index(value) for value in values]
    return Result(
        fields={
            "values": Field(np.array(values), ("value",)),
            "total_ns": Field(total[:, kept], ("model", "value"), "ns"),
            "base_ns": Field(total[:, points.index(now)], ("model",), "ns"),
        },
        metrics={"now": now, "tokens": config.tokens},
        notes={
            "models": list(GPT_SHAPES),
            "same": list(groups.values()),
            "constant": config.constant,
            "source": device.constants[config.constant].source,
            "device": device.title,
        },
    )
