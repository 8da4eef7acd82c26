"""A visitor's trace of a GPU's utilisation: samples in time, to lie under the predicted lanes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.core.errors import BadInput
from engine.labs.memory_hardware.offload.cells import Cells, read_rows

FIELD = "utilisation"
TIME = "t_s"
MOST_SECONDS = 1e6


@dataclass(frozen=True)
class Quantity:
    """A column: its title, the unit that is shown, cells per that unit, and the largest cell."""

    title: str
    unit: str
    per_unit: float
    most: float


# As a driver's monitor writes them; single samples of a link's rate may exceed what it can carry.
QUANTITIES: Mapping[str, Quantity] = {
    "pcie_tx_MBps": Quantity("PCIe from the GPU", "GB/s", 1e3, 1e7),
    "pcie_rx_MBps": Quantity("PCIe to the GPU", "GB/s", 1e3, 1e7),
    "gpu_util_pct": Quantity("GPU in use", "%", 1.0, 100.0),
    "mem_util_pct": Quantity("Memory controller in use", "%", 1.0, 100.0),
    "gpu_mem_used_GB": Quantity("GPU memory held", "GB", 1.0, 1e4),
}


@dataclass(frozen=True, eq=False)
class Utilisation:
    """``time`` (samples,) in seconds, rising; ``values`` (quantities, samples) in their units."""

    time: np.ndarray
    values: np.ndarray


def read_utilisation(text: str, field: str = FIELD) -> Utilisation:
    """The samples of a CSV; raises BadInput(``field``) naming the line and the column."""
    time: list[float] = []
    values: list[list[float]] = []
    for line, row in read_rows(text, (TIME, *QUANTITIES), field):
        cells = Cells(row, line, field)
        at = cells.number(TIME, 0, MOST_SECONDS)
        if time and at <= time[-1]:
            raise BadInput(field, f"line {line}: {TIME} must be above that of the line before "
                           f"({time[-1]:g}; got {at:g})")  # fmt: skip
        time.append(at)
        values.append([
            cells.number(name, 0, quantity.most) / quantity.per_unit
            for name, quantity in QUANTITIES.items()
        ])  # fmt: skip
    if not time:
        raise BadInput(field, "there is no row below the names of the columns")
    return Utilisation(np.array(time), np.array(values).T)
