"""Operations, bytes and time of each product of a token: what a roofline shows.

A vector times a matrix uses every weight once: two operations for the two bytes of a bf16 weight.
Bytes are counted twice, as in a hierarchical roofline: those that have to come out of the rows, and
those that cross the pins. (Williams, Waterman, Patterson 2009, doi 10.1145/1498765.1498785.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.labs.memory_hardware.geometry import BF16
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.rows import run_cycles
from engine.labs.memory_hardware.shapes import Shape
from engine.labs.memory_hardware.slots import Run

USEFUL, PADDING, OPENING, LINK = "useful", "padding", "rows", "link"


@dataclass(frozen=True)
class Part:
    """A product of one token, all layers together.

    ``busy_ns``: its time by what it goes to; the sum is the whole time without refresh.
    """

    label: str
    operations: float
    row_bytes: float
    pin_bytes: float
    busy_ns: dict[str, float]

    @property
    def ns(self) -> float:
        """Time of the part."""
        return sum(self.busy_ns.values())

    @property
    def attained(self) -> float:
        """Operations a nanosecond: GFLOP/s."""
        return self.operations / self.ns

    @property
    def loss(self) -> str:
        """What most of its time goes to that does not multiply."""
        lost = {name: ns for name, ns in self.busy_ns.items() if name != USEFUL}
        return max(lost, key=lost.__getitem__)


@dataclass(frozen=True)
class Roofs:
    """Ceilings of a device: GFLOP/s of its MACs, GB/s of its rows and of its pins.

    A device without MAC units has infinite ``macs`` and ``rows``: what reads it is assumed to
    multiply as fast as the pins deliver.
    """

    macs: float
    rows: float
    pins: float

    def over(self, part: Part) -> float:
        """The lowest ceiling over a product, GFLOP/s."""
        by_pins = part.operations / part.pin_bytes * self.pins
        return min(self.macs, part.operations / part.row_bytes * self.rows, by_pins)


def roofs(compiler: Compiler) -> Roofs:
    """What the banks and the pins could do at most."""
    cut, t, tck = compiler.geometry, compiler.timing, compiler.device["timing.tck_ns"]
    if not cut.lanes:
        pins = cut.channels * cut.column_bytes / (t["column"] * tck)
        return Roofs(math.inf, math.inf, pins)
    lanes = cut.all_banks * cut.lanes
    column_ns = t["ccd"] * tck
    pins = cut.channels * compiler.device["link.gb_per_s"]
    return Roofs(2 * lanes / column_ns, BF16 * lanes / column_ns, pins)


def products(shape: Shape, context: int, *, head: bool) -> dict[str, tuple[float, float]]:
    """(multiplications, numbers in the rows) of one token by part, all layers together."""
    s = shape
    cached = float(s.kv_width * context)
    each = {
        "QKV": s.width * (s.q_width + 2 * s.kv_width),
        "projection": s.q_width * s.width,
        "FFN in": s.width * s.inner * (2 if s.gated else 1),
        "FFN out": s.inner * s.width,
    }
    found = {name: (float(s.layers * n), float(s.layers * n)) for name, n in each.items()}
    for name in ("QK", "SV"):  # queries of a group share their keys and values
        found[name] = (s.layers * float(s.q_width * context), s.layers * cached)
    if head:
        found["head"] = (float(s.width * s.vocabulary), float(s.width * s.vocabulary))
    order = ("QKV", "QK", "SV", "projection", "FFN in", "FFN out", "head")
    return {name: found[name] for name in order if name in found}


def parts(compiler: Compiler, context: int) -> list[Part]:
    """The products of the token that sees ``context`` tokens, in their order."""
    shape, roof = compiler.shape, roofs(compiler)
    layer, after = compiler.token(context)
    runs = [(run, shape.layers) for run in layer] + [(run, 1) for run in after]
    found = []
    for label, (multiplied, held) in products(shape, context, head=compiler.choices.head).items():
        mine = [(run, times) for run, times in runs if run.label == label]
        pin_bytes, columns_ns, link_ns = _moved(compiler, mine)
        useful = 2 * multiplied / roof.macs if compiler.geometry.lanes else BF16 * held / roof.pins
        rows_ns = compiler.device["timing.tck_ns"] * sum(
            times * float(run_cycles(run, compiler.timing)) for run, times in mine if run.in_memory
        )
        busy = {
            USEFUL: useful,
            PADDING: columns_ns - useful,
            OPENING: rows_ns - columns_ns,
            LINK: link_ns,
        }
        found.append(Part(label, 2 * multiplied, BF16 * held, pin_bytes, busy))
    return found


def _moved(compiler: Compiler, runs: Sequence[tuple[Run, int]]) -> tuple[float, float, float]:
    """Bytes over the pins of all channels (a link moves whole cycles, which rounds them up);
    nanoseconds of a channel's columns and of its link.
    """
    cut, t, tck = compiler.geometry, compiler.timing, compiler.device["timing.tck_ns"]
    columns = sum(times * run.rows * run.columns for run, times in runs if run.in_memory)
    if not cut.lanes:
        return float(cut.channels * cut.column_bytes * columns), columns * t["column"] * tck, 0.0
    link_ns = tck * sum(times * run.columns for run, times in runs if run.unit == "link")
    rate = cut.channels * compiler.device["link.gb_per_s"]
    return link_ns * rate, columns * t["ccd"] * tck, link_ns
