"""Products inside the memory: every bank multiplies what it stores, results come back by the link.

Of a matrix, output column j lies in bank j mod (channels x banks), and a bank stores its columns
back to back. Or ("rows") a channel holds a part of the input rows and the columns are dealt over
its banks only: less goes to the channels, but each returns a partial sum of every output, and the
ASIC adds them. A vector that is longer than a channel's buffer is sent once, part by part, and the
units keep the sums of their columns meanwhile (assumed). All channels do the same at the same time.
Own design, consistent with PIM-GPT's abstract (arXiv 2310.09385).

Keys are row-major (a key in one bank, the next key in the next bank), values column-major
(dimension j in bank j mod banks, tokens along the row): so what a score or an output sums over lies
along a row, in reach of one adder tree. The other way each lane has to sum by itself (assumed to be
possible), a sum is spread over banks, and the ASIC adds the parts.

Where the link works beneath the memory (``overlap``), there are two buffers: once the first is full
the rows are opened, and the rest of the vector comes meanwhile. What would take longer than the
rows do (without a refresh between them) is waited for before they begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from engine.labs.memory_hardware.asic import Asic, Ints, round_up
from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.geometry import BF16, Geometry, check_pieces
from engine.labs.memory_hardware.rows import run_cycles
from engine.labs.memory_hardware.shapes import Shape
from engine.labs.memory_hardware.slots import Slot

Layout = Literal["row", "column"]
Weights = Literal["columns", "rows"]


@dataclass(frozen=True)
class Layouts:
    """How keys, values and weights lie in the banks, and whether the link works beneath them."""

    key: Layout = "row"
    value: Layout = "column"
    weights: Weights = "columns"
    overlap: bool = False


class InBanks:
    """Slots of products, attention and cache writes on a device with MAC units."""

    def __init__(
        self,
        shape: Shape,
        device: Device,
        cut: Geometry,
        t: Mapping[str, int],
        layouts: Layouts,
    ):
        self.shape, self.cut, self.timing, self.layouts = shape, cut, t, layouts
        self.buffer = device.whole("buffer.bytes")
        self.asic = Asic(device)
        self.bytes_per_cycle = device["link.gb_per_s"] * device["timing.tck_ns"]
        # A head begins at a step of its own.
        self.key_steps = shape.kv_heads * -(-shape.head_dim // cut.step)
        check_pieces(-(-self.key_steps // cut.row_steps))

    def product(self, label: str, d_in: int, d_out: int) -> Iterator[Slot]:
        """Vector times matrix: the vector to the channels, columns in the banks, results back."""
        cut = self.cut
        if self.layouts.weights == "columns":
            steps = -(-d_out // cut.all_banks) * -(-d_in // cut.step)
            yield from self._fed(label, d_in, self._stream(label, steps))
            yield self._link(label, -(-d_out // cut.channels))
            return
        part = -(-d_in // cut.channels)
        steps = -(-d_out // cut.banks) * -(-part // cut.step)
        yield from self._fed(label, part, self._stream(label, steps))
        yield self._link(label, d_out)
        sums = self.asic.add((-(-d_in // part) - 1) * d_out)
        yield Slot(label, "asic", 1, sums)

    def attention(self, context: Ints) -> Iterator[Slot]:
        """Scores, softmax, and the mix of values; a key's row serves all queries of its group."""
        s, cut = self.shape, self.cut
        yield from self._fed("QK", s.q_width, self._cached("QK", context, self.layouts.key))
        if self.layouts.key == "row":
            yield self._link("QK", -(-s.heads * context // cut.channels))
        else:
            pieces = min(s.head_dim, cut.all_banks)  # of a score
            yield self._link("QK", -(-s.heads * pieces * context // cut.channels))
            yield Slot("QK", "asic", 1, self.asic.add((pieces - 1) * s.heads * context))
        yield Slot("softmax", "asic", 1, self.asic.softmax(s.heads, context))
        values = self._cached("SV", context, self.layouts.value)
        yield from self._fed("SV", s.heads * context, values)
        if self.layouts.value == "column":
            yield self._link("SV", -(-s.q_width // cut.channels))
        else:
            banks = np.minimum(cut.banks, -(-context // cut.channels))  # with tokens, of a channel
            yield self._link("SV", banks * s.q_width)
            parts = np.minimum(context, cut.all_banks)  # of an output
            yield Slot("SV", "asic", 1, self.asic.add((parts - 1) * s.q_width))

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
            # The last row of a bank may take no number; where some banks do, all are opened.
            rows, rest = divmod(self.shape.kv_width, cut.all_banks)
            everywhere = cut.banks, cut.channels
            yield Slot(label, "write", rows, cut.banks, *everywhere)
            yield Slot(
                label, "write", 1 * (rest > 0), max(1, -(-rest // cut.channels)), *everywhere
            )
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

    def _fed(self, label: str, values: Ints, stream: Iterator[Slot]) -> Iterator[Slot]:
        """Rows, and before them the vector that they are multiplied with."""
        rows = list(stream)
        sent = self._link(label, values)
        if self.layouts.overlap:
            first = round_up(np.minimum(BF16 * values, self.buffer), self.bytes_per_cycle)
            beneath = sum(run_cycles(one, self.timing) for one in rows)
            hidden = np.minimum(np.maximum(sent.columns - first, 0), beneath)
            sent = replace(sent, columns=sent.columns - hidden, hidden=hidden)
        yield sent
        yield from rows

    def _link(self, label: str, values: Ints) -> Slot:
        cycles = np.maximum(1, round_up(BF16 * values, self.bytes_per_cycle))
        return Slot(label, "link", 1, cycles)
