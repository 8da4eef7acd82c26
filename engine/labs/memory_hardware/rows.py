"""How long a row takes: opened, used, closed; the closed form of the timing rules."""

from __future__ import annotations

from collections.abc import Mapping

from engine.labs.memory_hardware.program import Run


def row_cycles(run: Run, t: Mapping[str, int]) -> int:
    """Cycles from the ACT of a row to the next ACT, for one row of ``run``.

    MAC: tRCD + (n - 1) tCCD, then tRTP or what is left of tRAS, then tRP. Write: after the last
    column its latency, its burst and tWR pass before the row may be closed.
    """
    last = (run.columns - 1) * t["ccd"]
    if run.unit == "mac":
        open_for = t["rcd_mac"] + last + t["rtp"]
    else:
        open_for = t["rcd_wr"] + last + t["cwl"] + t["bl"] + t["wr"]
    return max(open_for, t["ras"]) + t["rp"]


def run_cycles(run: Run, t: Mapping[str, int]) -> int:
    """Cycles of a whole run without refresh."""
    return run.rows * row_cycles(run, t) if run.in_memory else run.columns
