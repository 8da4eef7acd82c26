"""How long a row takes: opened, used, closed; the closed form of the timing rules."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.labs.memory_hardware.asic import Ints
from engine.labs.memory_hardware.slots import Run, Slot
from engine.labs.memory_hardware.stretch import read_stretch


def open_cycles(run: Run | Slot, t: Mapping[str, int]) -> Ints:
    """Cycles from the ACT of a row to its PRE (of a stretch: with any row open).

    MAC: tRCD + (n - 1) tCCD, then tRTP or what is left of tRAS. Write: after the last column its
    latency, its burst and tWR pass before the row may be closed.
    """
    if run.unit == "read":
        return _of_stretches(run.columns, t, opened=True)
    last = (run.columns - 1) * t["ccd"]
    if run.unit == "mac":
        return np.maximum(t["rcd_mac"] + last + t["rtp"], t["ras"])
    return np.maximum(t["rcd_wr"] + last + t["cwl"] + t["bl"] + t["wr"], t["ras"])


def row_cycles(run: Run | Slot, t: Mapping[str, int]) -> Ints:
    """Cycles from the ACT of a row to the next ACT, for one row (or stretch) of ``run``."""
    if run.unit == "read":
        return _of_stretches(run.columns, t, opened=False)
    return open_cycles(run, t) + t["rp"]


def run_cycles(run: Run | Slot, t: Mapping[str, int]) -> Ints:
    """Cycles of a whole run without refresh."""
    return run.rows * row_cycles(run, t) if run.in_memory else run.columns


def _of_stretches(columns: Ints, t: Mapping[str, int], *, opened: bool) -> Ints:
    """By lengths that differ; 0 where nothing is read."""
    sizes, where = np.unique(columns, return_inverse=True)
    found = [read_stretch(int(size), t) if size else None for size in sizes]
    cycles = [(one.open_cycles if opened else one.cycles) if one else 0 for one in found]
    return np.array(cycles, np.int64)[where].reshape(np.shape(columns))
