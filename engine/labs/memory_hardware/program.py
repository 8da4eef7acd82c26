"""A model on a device: what one token makes the memory, the link and the ASIC do, in order.

Matrices are dealt over all banks: output column j lies in bank j mod (channels x banks), and a
bank stores its columns back to back. Keys are stored row-major (a key in one bank, the next key in
the next bank), values column-major (dimension j in bank j mod banks, tokens along the row). All
channels do the same at the same time. Own design, consistent with PIM-GPT's abstract (arXiv
2310.09385).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from engine.core.errors import BadInput
from engine.labs.memory_hardware.asic import Asic
from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.shapes import Shape

Unit = Literal["mac", "write", "link", "asic"]
BF16 = 2
Layout = Literal["row", "column"]


@dataclass(frozen=True, slots=True)
class Run:
    """``rows`` rows in a row, each opened, used for ``columns`` columns, and closed again.

    On the link and in the ASIC there are no rows: ``columns`` is then the number of cycles.
    ``banks`` is how many banks of a channel take part.
    """

    label: str
    unit: Unit
    rows: int
    columns: int
    banks: int = 1

    @property
    def in_memory(self) -> bool:
        """Whether rows are opened."""
        return self.unit in ("mac", "write")


@dataclass(frozen=True)
class Choices:
    """What can be laid out or left out."""

    key_layout: Layout = "row"
    value_layout: Layout = "column"
    head: bool = True


class Compiler:
    """Runs of a token for one model on one device."""

    def __init__(self, shape: Shape, device: Device, choices: Choices = Choices()):
        self.shape, self.device, self.choices = shape, device, choices
        self.channels = device.whole("organisation.channels")
        self.banks = device.whole("organisation.banks")
        self.all_banks = self.channels * self.banks
        self.row_columns = device.whole("organisation.row_bytes") // device.whole(
            "organisation.column_bytes"
        )
        self.lanes = device.whole("mac.lanes")
        self.column_values = device.whole("organisation.column_bytes") // BF16
        self.bytes_per_cycle = device["link.gb_per_s"] * device["timing.tck_ns"]
        self.asic = Asic(device)

    def token(self, context: int) -> tuple[list[Run], list[Run]]:
        """The runs of one layer (every layer does the same) and those after the last.

        ``context`` counts the tokens that the new one can see, itself included.
        """
        if context < 1:
            raise BadInput("tokens", "a token sees at least itself")
        return list(self._layer(context)), list(self._after())

    def _layer(self, context: int) -> Iterator[Run]:
        s, asic = self.shape, self.asic
        yield self._asic("norm", asic.norm(s.width, s.norm))
        yield from self._product("QKV", s.width, s.q_width + 2 * s.kv_width)
        yield from self._store_key(context)
        yield from self._store_value(context)
        yield from self._attention(context)
        yield from self._product("projection", s.q_width, s.width)
        yield self._asic("residual", asic.add(s.width))
        yield self._asic("norm", asic.norm(s.width, s.norm))
        yield from self._product("FFN in", s.width, s.inner * (2 if s.gated else 1))
        yield self._asic("activation", asic.gelu(s.inner) + (asic.multiply(s.inner) * s.gated))
        yield from self._product("FFN out", s.inner, s.width)
        yield self._asic("residual", asic.add(s.width))

    def _after(self) -> Iterator[Run]:
        s = self.shape
        yield self._asic("norm", self.asic.norm(s.width, s.norm))
        if self.choices.head:
            yield from self._product("head", s.width, s.vocabulary)

    def _product(self, label: str, d_in: int, d_out: int) -> Iterator[Run]:
        """Vector times matrix: the vector to every channel, columns in the banks, results back."""
        yield self._link(label, d_in)
        macs = -(-d_out // self.all_banks) * -(-d_in // self.lanes)
        yield from self._stream(label, macs)
        yield self._link(label, -(-d_out // self.channels))

    def _stream(self, label: str, macs: int) -> Iterator[Run]:
        """``macs`` columns that lie back to back: full rows, then what is left."""
        full, rest = divmod(macs, self.row_columns)
        if full:
            yield Run(label, "mac", full, self.row_columns, self.banks)
        if rest:
            yield Run(label, "mac", 1, rest, self.banks)

    def _attention(self, context: int) -> Iterator[Run]:
        s = self.shape
        group = s.heads // s.kv_heads
        yield self._link("QK", s.q_width)
        yield from self._scores(context, group)
        yield self._link("QK", -(-s.heads * context // self.channels))
        yield self._asic("softmax", self.asic.softmax(s.heads, context))
        yield self._link("SV", s.heads * context)
        yield from self._mix(context, group)
        yield self._link("SV", -(-s.q_width // self.channels))

    def _scores(self, context: int, group: int) -> Iterator[Run]:
        """Query times keys; a key serves every query of its group while its row is open."""
        key = self.shape.kv_heads * -(-self.shape.head_dim // self.lanes)
        if self.choices.key_layout == "row":
            columns = -(-context // self.all_banks) * key
            full, rest = divmod(columns, self.row_columns)
            if full:
                yield Run("QK", "mac", full, self.row_columns * group, self.banks)
            if rest:
                yield Run("QK", "mac", 1, rest * group, self.banks)
        else:
            yield from self._along(context, group, "QK")

    def _mix(self, context: int, group: int) -> Iterator[Run]:
        """Probabilities times values."""
        if self.choices.value_layout == "column":
            yield from self._along(context, group, "SV")
        else:
            value = self.shape.kv_heads * -(-self.shape.head_dim // self.lanes)
            columns = -(-context // self.all_banks) * value
            full, rest = divmod(columns, self.row_columns)
            if full:
                yield Run("SV", "mac", full, self.row_columns * group, self.banks)
            if rest:
                yield Run("SV", "mac", 1, rest * group, self.banks)

    def _along(self, context: int, group: int, label: str) -> Iterator[Run]:
        """A dimension a row, tokens along it: every dimension opens rows of its own."""
        dimensions = -(-self.shape.kv_width // self.all_banks)
        full, rest = divmod(-(-context // self.lanes), self.row_columns)
        if full:
            yield Run(label, "mac", dimensions * full, self.row_columns * group, self.banks)
        if rest:
            yield Run(label, "mac", dimensions, rest * group, self.banks)

    def _store_key(self, context: int) -> Iterator[Run]:
        yield from self._store("K write", context, self.choices.key_layout)

    def _store_value(self, context: int) -> Iterator[Run]:
        yield from self._store("V write", context, self.choices.value_layout)

    def _store(self, label: str, context: int, layout: Layout) -> Iterator[Run]:
        """The new token's key or value: back to back in one bank, or one number in many rows."""
        width = self.shape.kv_width
        if layout == "column":
            yield Run(label, "write", -(-width // self.all_banks), self.banks, self.banks)
            return
        columns = -(-width // self.column_values)
        before = (context - 1) // self.all_banks * columns % self.row_columns
        while columns:
            here = min(columns, self.row_columns - before)
            yield Run(label, "write", 1, here)
            columns, before = columns - here, 0

    def _link(self, label: str, values: int) -> Run:
        return Run(label, "link", 1, max(1, round_up(BF16 * values, self.bytes_per_cycle)))

    def _asic(self, label: str, cycles: int) -> Run:
        return Run(label, "asic", 1, cycles)


def round_up(amount: float, rate: float) -> int:
    """Whole cycles for ``amount`` at ``rate`` a cycle."""
    return int(-(-amount // rate))
