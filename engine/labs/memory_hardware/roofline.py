"""Operations, bytes and time of each product of a token: what a roofline shows.

A vector times a matrix uses every weight once: two operations for the two bytes of a bf16 weight.
Bytes are counted twice, as in a hierarchical roofline: those that have to come out of the rows, and
those that cross the pins. (Williams, Waterman, Patterson 2009, doi 10.1145/1498765.1498785.)
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.labs.memory_hardware.program import BF16, Compiler
from engine.labs.memory_hardware.rows import row_cycles
from engine.labs.memory_hardware.shapes import Shape


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
    def bound(self) -> str:
        """What most of its time goes to."""
        return max(self.busy_ns, key=self.busy_ns.__getitem__)


@dataclass(frozen=True)
class Roofs:
    """Ceilings of a device: GFLOP/s of its MACs, GB/s of its rows and of its pins."""

    macs: float
    rows: float
    pins: float


USEFUL, PADDING, OPENING, LINK = "useful", "padding", "rows", "link"


def roofs(compiler: Compiler) -> Roofs:
    """What the banks and the pins could do at most."""
    device = compiler.device
    column_ns = device["timing.ccd"] * device["timing.tck_ns"]
    lanes = compiler.all_banks * compiler.lanes
    return Roofs(
        2 * lanes / column_ns,
        BF16 * lanes / column_ns,
        compiler.channels * device["link.gb_per_s"],
    )


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
    device, shape = compiler.device, compiler.shape
    t, tck = device.cycles(), device["timing.tck_ns"]
    peak = roofs(compiler).macs
    layer, after = compiler.token(context)
    found = []
    for label, (multiplied, held) in products(shape, context, head=compiler.choices.head).items():
        runs = [(run, shape.layers) for run in layer] + [(run, 1) for run in after]
        mine = [(run, times) for run, times in runs if run.label == label]
        macs = [(run, times) for run, times in mine if run.unit == "mac"]
        in_banks = sum(times * run.rows * row_cycles(run, t) for run, times in macs) * tck
        columns = sum(times * run.rows * run.columns for run, times in macs) * t["ccd"] * tck
        link = sum(times * run.columns for run, times in mine if run.unit == "link")
        useful = 2 * multiplied / peak
        found.append(
            Part(
                label,
                2 * multiplied,
                BF16 * held,
                link * compiler.bytes_per_cycle * compiler.channels,
                {
                    USEFUL: useful,
                    PADDING: columns - useful,
                    OPENING: in_banks - columns,
                    LINK: link * tck,
                },
            )
        )
    return found
