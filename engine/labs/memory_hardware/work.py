"""What was done, counted over all channels and banks: what an energy ledger multiplies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from engine.labs.memory_hardware.asic import Ints
from engine.labs.memory_hardware.rows import open_cycles, run_cycles
from engine.labs.memory_hardware.slots import Slot
from engine.labs.memory_hardware.stretch import opened_rows


@dataclass(frozen=True)
class Work:
    """Counts of commands of one channel, then sums over all channels and banks.

    ``cycles`` is time without refresh; ``misses`` are columns that are the first of their bank's
    open row (all banks of a MAC count as one, a write goes to one bank). ``bank_activates`` and
    ``bank_macs`` count each bank that takes part, ``columns_read`` and ``columns_written`` those
    that pass the pins; ``open_cycles`` are cycles of a channel with a row open, ``link_cycles`` of
    a channel's link (hidden beneath rows or not), ``asic_cycles`` of the one ASIC.
    """

    cycles: int = 0
    activates: int = 0
    misses: int = 0
    macs: int = 0
    reads: int = 0
    writes: int = 0
    bank_activates: int = 0
    bank_macs: int = 0
    mac_cycles: int = 0
    columns_read: int = 0
    columns_written: int = 0
    open_cycles: int = 0
    link_cycles: int = 0
    asic_cycles: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Work)))


def work_of(slot: Slot, t: Mapping[str, int], channels: int, times: np.ndarray) -> Work:
    """The work of a slot that comes ``times`` (contexts,) times; ``channels`` of the device."""

    def total(values: Ints) -> int:
        return int(np.sum(times * values))

    cycles = total(run_cycles(slot, t))
    if slot.unit == "link":
        return Work(cycles=cycles, link_cycles=(cycles + total(slot.hidden)) * channels)
    if slot.unit == "asic":
        return Work(cycles=cycles, asic_cycles=cycles)
    opened = _opened(slot, t)
    activates, columns = total(slot.rows * opened), total(slot.rows * slot.columns)
    # Of rows that all banks open at once, each bank's first write is a miss of its own.
    first = np.minimum(slot.columns, slot.banks) if slot.unit == "write" else opened
    found = Work(
        cycles=cycles,
        activates=activates,
        misses=total(slot.rows * first),
        bank_activates=activates * slot.banks * slot.channels,
        open_cycles=total(slot.rows * open_cycles(slot, t)) * slot.channels,
    )
    if slot.unit == "mac":
        return found + Work(
            macs=columns,
            bank_macs=columns * slot.banks * slot.channels,
            mac_cycles=columns * t["ccd"] * slot.channels,
        )
    if slot.unit == "read":
        return found + Work(reads=columns, columns_read=columns * slot.channels)
    return found + Work(writes=columns, columns_written=columns * slot.channels)


def _opened(slot: Slot, t: Mapping[str, int]) -> Ints:
    """Rows that are opened each time."""
    if slot.unit != "read":
        return 1
    if isinstance(slot.columns, np.ndarray):
        return np.array([opened_rows(int(columns), t) for columns in slot.columns])
    return opened_rows(slot.columns, t)
