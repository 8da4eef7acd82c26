"""Products inside the memory: every bank multiplies what it stores, results come back by the link.

Of a matrix, output column j lies in bank j mod (channels x banks), and a bank stores its columns
back to back. Or ("rows") a channel holds a part of the input rows and the columns are dealt over
its banks only: less goes to the channels, but each returns a partial sum of every output, and the
ASIC adds them. Keys are row-major (a key in one bank, the next key in the next bank), values
column-major (dimension j in bank j mod banks, tokens along the row), or the other way. All
channels do the same at the same time. Own design, consistent with PIM-GPT's abstract (arXiv
2310.09385).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.labs.memory_hardware.asic import Asic, Ints, round_up
from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.geometry import BF16, Geometry
from engine.labs.memory_hardware.shapes import Shape
from engine.labs.memory_hardware.slots import Slot

Layout = Literal["row", "column"]
Weights = Literal["columns", "rows"]


@dataclass(frozen=True)
class Layouts:
    """How keys, values and weights lie in the banks."""

    key: Layout = "row"
    value: Layout = "column"
    weights: Weights = "columns"


class InBanks:
    """Slots of products, attention and cache writes on a device with MAC units."""

    def __init__(self, shape: Shape, device: Device, cut: Geometry, layouts: Layouts):
        self.shape, self.cut, self.layouts = shape, cut, layouts
        self.asic = Asic(device)
        self.bytes_per_cycle = device["link.gb_per_s"] * device["timing.tck_ns"]
        # A head begins at a step of its own.
        self.key_steps = shape.kv_heads * -(-shape.head_dim // cut.step)

    def product(self, label: str, d_in: int, d_out: int) -> Iterator[Slot]:
        """Vector times matrix: the vector to the channels, columns in the banks, results back."""
        cut = self.cut
        if self.layouts.weights == "columns":
            yield self._link(label, d_in)
            yield from self._stream(label, -(-d_out // cut.all_banks) * -(-d_in // cut.step))
            yield self._link(label, -(-d_out // cut.channels))
            return
        part = -(-d_in // cut.channels)
        yield self._link(label, part)
        yield from self._stream(label, -(-d_out // cut.banks) * -(-part // cut.step))
        yield self._link(label, d_out)
        sums = self.asic.add((-(-d_in // part) - 1) * d_out)
        yield Slot(label, "asic", 1, sums)

    def attention(self, context: Ints) -> Iterator[Slot]:
        """Scores, softmax, and the mix of values; a key's row serves all queries of its group."""
        s = self.shape
        yield self._link("QK", s.q_width)
        yield from self._cached("QK", context, self.layouts.key)
        yield self._link("QK", -(-s.heads * context // self.cut.channels))
        yield Slot("softmax", "asic", 1, self.asic.softmax(s.heads, context))
        yield self._link("SV", s.heads * context)
        yield from self._cached("SV", context, self.layouts.value)
        yield self._link("SV", -(-s.q_width // self.cut.channels))

    def store(self, context: Ints) -> Iterator[Slot]:
        """The new token's key and value."""
        yield from self._store("K write", context, self.layouts.key)
        yield from self._store("V write", context, self.layouts.value)

    def _stream(self, label: str, steps: Ints, times: Ints = 1, group: int = 1) -> Iterator[Slot]:
        """``steps`` that lie back to back: full rows, then what is left; all ``times`` over."""
        cut = self.cut
        full, rest = steps // cut.row_steps, steps % cut.row_steps
        everywhere = cut.banks, cut.channels
        yield Slot(label, "mac", times * full, cut.row_steps * group, *everywhere)
        yield Slot(label, "mac", times * (rest > 0), rest * group, *everywhere)

    def _cached(self, label: str, context: Ints, layout: Layout) -> Iterator[Slot]:
        """A product with the keys or values of ``context`` tokens."""
        s, cut = self.shape, self.cut
        group = s.heads // s.kv_heads
        if layout == "row":
            steps = -(-context // cut.all_banks) * self.key_steps
            yield from self._stream(label, steps, group=group)
        else:
            # A dimension a row, tokens along it: every dimension opens rows of its own.
            dimensions = -(-s.kv_width // cut.all_banks)
            yield from self._stream(label, -(-context // cut.step), dimensions, group)

    def _store(self, label: str, context: Ints, layout: Layout) -> Iterator[Slot]:
        """Back to back in one bank (whole steps), or one number in each of many rows."""
        cut = self.cut
        if layout == "column":
            rows = -(-self.shape.kv_width // cut.all_banks)
            yield Slot(label, "write", rows, cut.banks, cut.banks, cut.channels)
            return
        token = context - 1
        home = token % cut.all_banks
        first = token // cut.all_banks * self.key_steps % cut.row_steps
        left = self.key_steps + 0 * first
        for _ in range(-(-self.key_steps // cut.row_steps) + 1):
            here = np.minimum(left, cut.row_steps - first)
            begin, end = first * cut.step, (first + here) * cut.step
            columns = (end - 1) // cut.column_values - begin // cut.column_values + 1
            yield Slot(
                label,
                "write",
                1 * (here > 0),
                columns,
                channel=home % cut.channels,
                bank=home // cut.channels,
            )
            left, first = left - here, 0 * first

    def _link(self, label: str, values: Ints) -> Slot:
        cycles = np.maximum(1, round_up(BF16 * values, self.bytes_per_cycle))
        return Slot(label, "link", 1, cycles)
