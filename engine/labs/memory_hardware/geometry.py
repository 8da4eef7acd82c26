"""What the engine asks of a device: how its banks are cut, and its timing under one set of names.

Presets keep the names of the simulators that they come from; here a burst is ``bl``, a column's
distance in one bank ``ccd``, and what a device has not is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.errors import BadInput
from engine.labs.memory_hardware.device import FIELD, Device

BF16 = 2
NEEDED = ("rcd_wr", "rp", "ras", "rtp", "cwl", "wr")
STRETCH_ROWS = 16
MOST_PIECES = 256


@dataclass(frozen=True)
class Geometry:
    """Channels, banks of a channel, and a bank's rows; ``lanes`` is 0 without a MAC unit.

    ``stretch_rows`` is how many rows are read over the pins before all banks are closed.
    """

    channels: int
    banks: int
    row_bytes: int
    column_bytes: int
    lanes: int
    rows: int
    stretch_rows: int

    @property
    def all_banks(self) -> int:
        """Banks of all channels."""
        return self.channels * self.banks

    @property
    def row_columns(self) -> int:
        """Columns of a row."""
        return self.row_bytes // self.column_bytes

    @property
    def column_values(self) -> int:
        """Values of a column in bfloat16."""
        return self.column_bytes // BF16

    @property
    def step(self) -> int:
        """Values that lie side by side and are used at once: a MAC's, or a column's."""
        return self.lanes or self.column_values

    @property
    def row_steps(self) -> int:
        """Steps of a row: the MACs that it feeds, or its columns."""
        return self.row_bytes // BF16 // self.step


def check_pieces(pieces: int) -> None:
    """Refuse a key in so many pieces that listing them for every token would fill the memory."""
    if pieces > MOST_PIECES:
        raise BadInput(FIELD, f"a token's key may take at most {MOST_PIECES} rows of a bank (here "
                       f"{pieces:,}): its rows are too short for this model")  # fmt: skip


def geometry(device: Device) -> Geometry:
    """The cut of a device; raises BadInput where a row is no use to its MAC unit."""
    of = device.section("organisation")
    column = of["request_bytes"] if "request_bytes" in of else device["organisation.column_bytes"]
    row = of["row_requests"] * column if "row_requests" in of else device["organisation.row_bytes"]
    found = Geometry(
        device.whole("organisation.channels"),
        device.whole("organisation.banks"),
        int(row),
        int(column),
        int(device.section("mac").get("lanes", 0)),
        int(of.get("rows", 0)),
        int(device.section("controller").get("stretch_rows", STRETCH_ROWS)),
    )
    if found.column_bytes < BF16:
        raise BadInput(FIELD, f"organisation.column_bytes must be {BF16} or more")
    if found.lanes and not found.row_steps:
        raise BadInput(FIELD, f"mac.lanes must be at most the {found.row_bytes // BF16} values of "
                       f"a row (got {found.lanes})")  # fmt: skip
    return found


def engine_timing(device: Device) -> dict[str, int]:
    """Timing in cycles, with the cut that reading over the pins needs.

    ``column`` is the distance of columns that are read over the pins: tCCD_S or the burst,
    whichever is longer. Where one bank is slower (tCCD_L), ``together`` banks of different groups
    take turns. ``rfc`` and ``refi`` are 0 where a device's refresh is not known. tRRD and tFAW hold
    for activates of single banks; all banks may be opened at once, as AiM's simulator has it.
    """
    t = device.cycles()
    cut = geometry(device)
    for name in (*NEEDED, "rcd_mac" if cut.lanes else "rcd_rd"):
        device.whole(f"timing.{name}")
    short = t["ccd"] if "ccd" in t else device.whole("timing.ccd_s")
    same = max(short, t.get("ccd_l", short))
    burst = t["bl"] if "bl" in t else device.whole("timing.burst")
    between = max(short, burst)
    together = min(-(-same // between), cut.banks)
    known = t.get("rfc", 0) and t.get("refi", 0)
    found = {
        **t,
        "ccd": same,
        "bl": burst,
        "rfc": t["rfc"] if known else 0,
        "refi": t["refi"] if known else 0,
        "cl": t.get("cl", 0),
        "rrd": t.get("rrd", 0),
        "faw": t.get("faw", 0),
        "column": max(between, -(-same // together)),
        "together": together,
        "banks": cut.banks,
        "row_columns": cut.row_columns,
    }
    if not cut.lanes:
        _check_windows(found, t.get("aw32", 0))
    shortest = max(t["ras"], t["rcd_mac" if cut.lanes else "rcd_rd"] + t["rtp"]) + t["rp"]
    if t.get("rc", 0) > shortest:
        raise BadInput(FIELD, f"timing.rc must be at most {shortest} cycles, what the shortest row "
                       f"takes (got {t['rc']})")  # fmt: skip
    return found


def _check_windows(t: Mapping[str, int], window: int) -> None:
    """Windows of activates that no stretch can carry into the next one, nor 32 rows fill."""
    cycle = t["ras"] + t["rp"]
    row = min(t["row_columns"] * t["column"], cycle)
    for name, value, most in (
        ("rrd", t["rrd"], cycle),
        ("faw", t["faw"], cycle),
        ("aw32", window, 16 * row),
    ):
        if value > most:
            raise BadInput(FIELD, f"timing.{name} must be at most {most} cycles here, or reading "
                           f"waits for it from run to run (got {value})")  # fmt: skip
