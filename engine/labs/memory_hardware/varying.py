"""Every constant of a memory divided and multiplied, as a Result."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_hardware.choices import varied
from engine.labs.memory_hardware.config import TornadoConfig
from engine.labs.memory_hardware.serving import build_device, choices_of
from engine.labs.memory_hardware.shapes import load_shape
from engine.labs.memory_hardware.sweep import Point
from engine.labs.memory_hardware.sweep import tornado as over_constants


def tornado(
    config: TornadoConfig,
    read: Callable[[str], bytes],
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Result:
    """total_ns, total_pj and ``value`` (constant, end): divided, multiplied.

    Totals are NaN where no such memory can exist, energies also where currents are not known.
    """
    device, shape = build_device(config), load_shape(config.model, read)
    found = over_constants(
        device,
        shape,
        config.tokens,
        varied(device),
        (1 / config.factor, config.factor),
        choices=choices_of(config),
        start=config.start,
        progress=progress,
    )
    bars = found.bars
    ends = [[_numbers(bar.low), _numbers(bar.high)] for bar in bars]
    totals = np.array(ends).reshape(len(bars), 2, 2)
    return Result(
        fields={
            "total_ns": Field(totals[..., 0], ("constant", "end"), "ns"),
            "total_pj": Field(totals[..., 1], ("constant", "end"), "pJ"),
            "value": Field(
                np.array([[bar.low_value, bar.high_value] for bar in bars]), ("constant", "end")
            ),
            "now": Field(np.array([bar.base for bar in bars]), ("constant",)),
        },
        metrics={
            "base_ns": found.centre.ns,
            "base_pj": found.centre.pj,
            "factor": config.factor,
            "tokens": config.tokens,
            "start": config.start,
        },
        notes={
            "model": shape.name,
            "device": device.title,
            "constants": [bar.field for bar in bars],
            "sources": [device.constants[bar.field].source for bar in bars],
            "refused": [f"{bar.field}: {bar.reason}" for bar in bars if bar.reason],
        },
    )


def _numbers(point: Point | None) -> tuple[float, float]:
    if point is None:
        return np.nan, np.nan
    return point.ns, np.nan if point.pj is None else point.pj
