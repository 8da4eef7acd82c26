"""Commands as a table on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.core.errors import BadInput
from engine.labs.memory_hardware.expand import NAMES, REASONS, Commands


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
    """Write the table; raises BadInput("out") where that cannot be done."""
    try:
        pq.write_table(as_table(commands, tck_ns), path)
    except OSError as error:
        raise BadInput("out", f"{str(path)[:200]!r} cannot be written ({error.strerror})") from None
    return path
