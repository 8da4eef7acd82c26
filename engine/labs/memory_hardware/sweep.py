"""What changes with a constant: one over values and models, or many up and down by a factor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.core.errors import BadInput
from engine.labs.memory_hardware.device import FIELD, Device
from engine.labs.memory_hardware.energy import energy
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.shapes import Shape

MOST_POINTS = 2000
USUAL = Choices()
Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class Point:
    """A generation: total nanoseconds, and picojoule where the device's currents are known."""

    ns: float
    pj: float | None


@dataclass(frozen=True, eq=False)
class Sweep:
    """``ns`` (models, values) and ``pj`` (nan: not known); nan where a value is impossible.

    ``refused`` says why, by value.
    """

    field: str
    models: tuple[str, ...]
    values: np.ndarray
    ns: np.ndarray
    pj: np.ndarray
    refused: Mapping[float, str]


@dataclass(frozen=True)
class Bar:
    """A constant of a tornado at the low and the high value; None where that cannot exist."""

    field: str
    base: float
    low_value: float
    high_value: float
    low: Point | None
    high: Point | None
    reason: str = ""

    def spread(self, centre: Point) -> float:
        """The largest change of time against ``centre`` in parts of it."""
        ends = [one.ns for one in (self.low, self.high) if one is not None]
        return max((abs(ns / centre.ns - 1) for ns in ends), default=0.0)


@dataclass(frozen=True)
class Tornado:
    """The unchanged device, and a bar for each constant, the widest first."""

    centre: Point
    bars: tuple[Bar, ...]


def point(
    device: Device, shape: Shape, tokens: int, choices: Choices = USUAL, start: int = 0
) -> Point:
    """One generation."""
    compiler = Compiler(shape, device, choices)
    totals = generate(compiler, tokens, start=start)
    return Point(totals.cycles * device["timing.tck_ns"], energy(compiler, totals).total_pj)


def sweep(
    device: Device,
    shapes: Sequence[Shape],
    field: str,
    values: Sequence[float],
    tokens: int,
    *,
    choices: Choices = USUAL,
    start: int = 0,
    progress: Progress = lambda done, total: None,
) -> Sweep:
    """Every model with every value of the constant ``field`` ("timing.rp").

    A value that makes the device impossible is left out and told. Raises BadInput for a constant
    that the device has not, for more than 2,000 points, and where every value is impossible.
    """
    if field not in device.constants:
        raise BadInput(FIELD, f"{device.title} has no {field[:60]}")
    if not 1 <= len(shapes) * len(values) <= MOST_POINTS:
        raise BadInput("values", f"models times values must be from 1 to {MOST_POINTS:,} (got "
                       f"{len(shapes)} x {len(values)})")  # fmt: skip
    ns = np.full((len(shapes), len(values)), np.nan)
    pj = np.full((len(shapes), len(values)), np.nan)
    refused: dict[float, str] = {}
    for j, value in enumerate(values):
        for i, shape in enumerate(shapes):
            try:
                found = point(device.changed({field: value}), shape, tokens, choices, start)
            except BadInput as error:
                if error.field != FIELD:
                    raise
                refused[value] = error.reason
                break
            ns[i, j], pj[i, j] = found.ns, np.nan if found.pj is None else found.pj
            progress(j * len(shapes) + i + 1, len(shapes) * len(values))
    if len(refused) == len(set(values)):
        raise BadInput(FIELD, f"no value of {field} is possible: {refused[values[0]]}")
    names = tuple(shape.name for shape in shapes)
    return Sweep(field, names, np.array(values, float), ns, pj, refused)


def tornado(
    device: Device,
    shape: Shape,
    tokens: int,
    constants: Sequence[str],
    factors: tuple[float, float] = (0.5, 2.0),
    *,
    choices: Choices = USUAL,
    start: int = 0,
    progress: Progress = lambda done, total: None,
) -> Tornado:
    """Each constant times the low and the high factor, all others unchanged.

    Whole numbers are rounded, and at least 1 where the constant is. Raises BadInput for a constant
    that the device has not, and for factors that are not in order around 1.
    """
    low, high = factors
    if not 0 < low < 1 < high:
        raise BadInput("factors", f"must be one below and one above 1 (got {low:g} and {high:g})")
    centre = point(device, shape, tokens, choices, start)
    bars = []
    for number, field in enumerate(constants):
        base = device[field]
        values = [device.scaled(field, factor) for factor in factors]
        ends: list[Point | None] = []
        reasons = []
        for value in values:
            try:
                changed = device.changed({field: value})
                ends.append(point(changed, shape, tokens, choices, start))
            except BadInput as error:
                if error.field != FIELD:
                    raise
                ends.append(None)
                reasons.append(error.reason)
        bars.append(Bar(field, base, values[0], values[1], ends[0], ends[1], "; ".join(reasons)))
        progress(number + 1, len(constants))
    bars.sort(key=lambda bar: -bar.spread(centre))
    return Tornado(centre, tuple(bars))
