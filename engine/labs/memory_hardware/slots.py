"""What a program is made of: runs of rows for one token, and slots, which are runs for many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.labs.memory_hardware.asic import Ints

Unit = Literal["mac", "read", "write", "link", "asic"]
IN_MEMORY = frozenset({"mac", "read", "write"})
ALL = -1


@dataclass(frozen=True, slots=True)
class Run:
    """``rows`` rows in a row, each opened, used for ``columns`` columns, and closed again.

    Of the unit "read" each of ``rows`` is a stretch of rows in several banks. On the link and in
    the ASIC there are no rows: ``columns`` is then the number of cycles. ``banks`` of a channel
    and ``channels`` take part; ``bank`` and ``channel`` say which, where it is one alone.
    ``hidden`` cycles of the link come after those, beneath the rows that follow.
    """

    label: str
    unit: Unit
    rows: int
    columns: int
    banks: int = 1
    channels: int = 1
    channel: int = ALL
    bank: int = ALL
    hidden: int = 0

    @property
    def in_memory(self) -> bool:
        """Whether rows are opened."""
        return self.unit in IN_MEMORY


@dataclass(frozen=True, slots=True)
class Slot:
    """A run for many contexts: numbers, or arrays (contexts,); without rows there is no run."""

    label: str
    unit: Unit
    rows: Ints
    columns: Ints
    banks: int = 1
    channels: int = 1
    channel: Ints = ALL
    bank: Ints = ALL
    hidden: Ints = 0

    @property
    def in_memory(self) -> bool:
        """Whether rows are opened."""
        return self.unit in IN_MEMORY

    def run(self, i: int) -> Run:
        """The run of context ``i``; it may have no rows."""
        return Run(
            self.label,
            self.unit,
            at(self.rows, i),
            at(self.columns, i),
            self.banks,
            self.channels,
            at(self.channel, i),
            at(self.bank, i),
            at(self.hidden, i),
        )


def at(values: Ints, i: int) -> int:
    """One of many, or the number that holds for all."""
    return int(values[i]) if isinstance(values, np.ndarray) and values.ndim else int(values)


def runs_of(slots: Iterable[Slot], i: int = 0) -> list[Run]:
    """The runs of context ``i``."""
    return [run for run in (slot.run(i) for slot in slots) if run.rows]
