"""Where the energy goes, by class of command, in picojoule.

DRAMsim3's convention: an activate with its precharge costs V (IDD0 tRC - IDD3N tRAS - IDD2N tRP), a
column V (IDD4 - IDD3N) for its time, a refresh V (IDD5 - IDD3N) tRFC, and standing by V IDD3N with
open rows and V IDD2N without; V x mA x ns is pJ. An activate of all banks is taken as one of each
bank. A MAC reads a column of every bank without the bus: the read current stands for one bank's
column, and the arithmetic adds its own power.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.fast import Totals
from engine.labs.memory_hardware.program import Compiler, Run
from engine.labs.memory_hardware.rows import row_cycles

CLASSES = ("activate", "MAC read", "MAC arithmetic", "write", "link", "refresh", "standby open",
           "standby closed", "ASIC")  # fmt: skip


def energy_pj(totals: Totals, device: Device, banks_open: Mapping[str, int]) -> dict[str, float]:
    """Energy of a whole generation over all channels by class.

    ``banks_open`` counts, per channel: "activates" of single banks, "mac" and "write" columns of
    single banks, and "open" cycles with a row open.
    """
    i, t = device.section("currents"), device.cycles()
    tck, channels = device["timing.tck_ns"], device.whole("organisation.channels")
    volts = i["vdd"] * tck * channels
    column = t["ccd"]
    cycle = t["ras"] + t["rp"]
    activate = i["idd0"] * cycle - i["idd3n"] * t["ras"] - i["idd2n"] * t["rp"]
    mac_cycles = totals.macs * column
    return {
        "activate": volts * max(activate, 0.0) * banks_open["activates"],
        "MAC read": volts * (i["idd4r"] - i["idd3n"]) * column * banks_open["mac"],
        "MAC arithmetic": device["mac.power_mw"] * mac_cycles * tck * channels,
        "write": volts * (i["idd4w"] - i["idd3n"]) * column * banks_open["write"],
        "link": volts * (i["idd4r"] - i["idd3n"]) * totals.link_cycles,
        "refresh": volts * (i["idd5b"] - i["idd3n"]) * t["rfc"] * totals.refreshes,
        "standby open": volts * i["idd3n"] * banks_open["open"],
        "standby closed": volts * i["idd2n"] * (totals.cycles - banks_open["open"]),
        "ASIC": device["asic.power_mw"] * totals.asic_cycles * tck,
    }


def open_counts(runs: list[tuple[Run, int]], device: Device) -> dict[str, int]:
    """What ``energy_pj`` needs, from runs and how often each is done."""
    t = device.cycles()
    found = {"activates": 0, "mac": 0, "write": 0, "open": 0}
    for run, times in runs:
        if not run.in_memory:
            continue
        rows = run.rows * times
        found["activates"] += rows * run.banks
        found["open"] += rows * (row_cycles(run, t) - t["rp"])
        if run.unit == "mac":
            found["mac"] += rows * run.columns * run.banks
        else:
            # The numbers of a column-major value go to one bank after the other.
            found["write"] += rows * run.columns
    return found


def generation_counts(compiler: Compiler, tokens: int, start: int = 0) -> dict[str, int]:
    """``open_counts`` of a whole generation."""
    found = {"activates": 0, "mac": 0, "write": 0, "open": 0}
    for context in range(start + 1, start + tokens + 1):
        layer, after = compiler.token(context)
        runs = [(run, compiler.shape.layers) for run in layer] + [(run, 1) for run in after]
        for key, value in open_counts(runs, compiler.device).items():
            found[key] += value
    return found
