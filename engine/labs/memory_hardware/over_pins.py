"""Products beside the memory: weights, keys and values are read over the pins to a processor.

A matrix lies column after column, and its 32-byte columns of memory are dealt over the channels;
a key (and a value) lies whole in one channel, those of the next token in the next. Within a channel
all of it is back to back: ``together`` rows of as many banks are filled in turns, then the next
banks' rows. The processor multiplies as fast as the pins deliver (assumed), and what is no product
takes what it takes on the device's ASIC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from engine.labs.memory_hardware.asic import Asic, Ints
from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.geometry import Geometry, check_pieces
from engine.labs.memory_hardware.shapes import Shape
from engine.labs.memory_hardware.slots import Slot


class OverPins:
    """Slots of products, attention and cache writes on a device without MAC units."""

    def __init__(self, shape: Shape, device: Device, cut: Geometry, t: Mapping[str, int]):
        self.shape, self.cut = shape, cut
        self.asic = Asic(device)
        self.together = t["together"]
        self.span = self.together * cut.row_columns
        self.stretch = cut.stretch_rows * cut.row_columns
        # Rows of the fullest bank: every stretch begins at bank 0, in rows of its own.
        self.stretch_height = -(-(-(-self.stretch // self.span) * self.together) // cut.banks)
        self.key_columns = -(-shape.kv_width // cut.column_values)
        check_pieces((self.key_columns // self.span + self.key_columns // self.stretch)
                     * self.together)  # fmt: skip

    def product(self, label: str, d_in: int, d_out: int) -> Iterator[Slot]:
        """All columns of the matrix, an equal part from every channel."""
        columns = -(-d_in * d_out // self.cut.column_values)
        yield from self._read(label, -(-columns // self.cut.channels))

    def attention(self, context: Ints) -> Iterator[Slot]:
        """All keys, softmax, all values."""
        columns = -(-context // self.cut.channels) * self.key_columns
        yield from self._read("QK", columns)
        yield Slot("softmax", "asic", 1, self.asic.softmax(self.shape.heads, context))
        yield from self._read("SV", columns)

    def store(self, context: Ints) -> Iterator[Slot]:
        """The new token's key and value, each in its own place."""
        yield from self._store("K write", context)
        yield from self._store("V write", context)

    def _read(self, label: str, columns: Ints) -> Iterator[Slot]:
        full, rest = columns // self.stretch, columns % self.stretch
        cut = self.cut
        yield Slot(label, "read", full, self.stretch, 1, cut.channels)
        yield Slot(label, "read", 1 * (rest > 0), rest, 1, cut.channels)

    def _store(self, label: str, context: Ints) -> Iterator[Slot]:
        """Bank after bank: of the columns of a set, each bank takes those of its turn."""
        cut, turns = self.cut, self.together
        place = (context - 1) // cut.channels * self.key_columns
        left = self.key_columns + 0 * place
        for _ in range(self.key_columns // self.span + self.key_columns // self.stretch + 3):
            inside = place % self.stretch
            before = inside % self.span
            here = np.minimum(np.minimum(left, self.span - before), self.stretch - inside)
            for turn in range(turns):
                # Columns of this turn before an end, less those before the begin.
                columns = (before + here + turns - 1 - turn) // turns
                columns = columns - (before + turns - 1 - turn) // turns
                yield Slot(
                    label,
                    "write",
                    1 * (columns > 0),
                    columns,
                    channel=(context - 1) % cut.channels,
                    bank=(inside // self.span * turns + turn) % cut.banks,
                )
            left, place = left - here, place + here
