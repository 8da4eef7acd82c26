"""Commands as a table on disk."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.core.errors import BadInput
from engine.labs.memory_hardware.expand import NAMES, REASONS, Commands

LATEST_NS = 1e15


def cycles_of(from_ns: float, to_ns: float, tck_ns: float) -> tuple[int, int]:
    """The cycles of a window in ns: those that begin in it, so that windows side by side tile.

    Raises BadInput("from-ns") for what is no number or lies before 0.
    """
    if not (math.isfinite(from_ns) and math.isfinite(to_ns) and 0 <= from_ns <= LATEST_NS
            and to_ns <= LATEST_NS):  # fmt: skip
        raise BadInput("from-ns", f"a window lies between 0 and {LATEST_NS:g} ns "
                       f"(got {from_ns:g} to {to_ns:g})")  # fmt: skip
    # The time of a cycle, printed and read again, may lie a rounding away from it.
    first, last = (math.ceil(ns / tck_ns * (1 - 4e-16) - 1e-9) for ns in (from_ns, to_ns))
    return first, last


def as_table(commands: Commands, tck_ns: float) -> pa.Table:
    """Commands with times in ns; ``since_ns`` is -1 where nothing was waited for.

    ``channel`` and ``bank`` are -1 for a command of all of them.
    """
    since = np.where(commands.since < 0, -1.0, commands.since * tck_ns)
    return pa.table(
        {
            "ns": commands.cycle * tck_ns,
            "command": pa.array(np.array(NAMES)[commands.name.astype(int)]),
            "waited_for": pa.array(np.array(REASONS)[commands.because.astype(int)]),
            "since_ns": since,
            "duration_ns": commands.duration * tck_ns,
            "part": pa.array(np.array(commands.labels or ("",))[commands.label.astype(int)]),
            "layer": commands.layer,
            "token": commands.token,
            "row": commands.row,
            "channel": commands.channel,
            "bank": commands.bank,
        }
    )


def write_parquet(commands: Commands, tck_ns: float, path: Path) -> Path:
    """Write the table whole or not at all; raises BadInput("out") where that cannot be done."""
    if path.exists() and not path.is_file():
        raise BadInput("out", f"{str(path)[:200]!r} is there already and no file")
    half = path.with_name(f"{path.name}.part")
    try:
        pq.write_table(as_table(commands, tck_ns), half)
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise BadInput("out", f"{str(path)[:200]!r} cannot be written ({error.strerror})") from None
    return path
