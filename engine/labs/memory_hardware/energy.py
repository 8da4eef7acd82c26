"""Where the energy goes: picojoule by class of command, over all channels and devices.

The convention is DRAMsim3's: an activate with its precharge, a column, and a refresh cost what they
draw above the standby current, and standby is paid all the time. V in volt, currents in
milliampere, times in nanoseconds:

    activate            V (IDD0 tRC - IDD3N tRAS - IDD2N tRP)   a bank; an all-bank ACT opens all
    read, write         V (IDD4 - IDD3N) burst                  a column over the pins
    mac column          mac_share of a read                     a bank's column without input/output
    mac unit            power of the units of a channel, while they multiply
    refresh             V (IDD5 - IDD3N) tRFC                   a channel
    active standby      V IDD3N, while a row of the channel is open
    precharge standby   V IDD2N, else
    link                picojoule a bit over the pins
    asic                power, while it works

A device that states ``row_pj`` pays that for a row instead of the first line: the currents of the
PIM-GPT preset are recalled one by one and contradict each other (IDD0 is less than IDD3N, so a row
would cost less than nothing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.fast import Totals
from engine.labs.memory_hardware.geometry import engine_timing, geometry
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.work import Work

CURRENTS = ("vdd", "idd0", "idd2n", "idd3n", "idd4r", "idd4w")
Part = tuple[str, str]


@dataclass(frozen=True)
class Ledger:
    """``pj`` by class, None where the device's currents are not known; ``notes`` say what is odd.

    A class whose constants are not known is left out and named in the notes.
    """

    pj: Mapping[str, float] | None
    notes: tuple[str, ...] = ()

    @property
    def total_pj(self) -> float | None:
        """The sum of the classes."""
        return None if self.pj is None else sum(self.pj.values())


@dataclass(frozen=True)
class Prices:
    """Picojoule of each thing that can happen, or that a cycle costs; None: not known."""

    row: float
    mac_column: float
    read: float
    write: float
    refresh: float
    open_cycle: float
    closed_cycle: float
    mac_cycle: float
    link_cycle: float | None
    pin_column: float | None
    asic_cycle: float | None
    notes: tuple[str, ...]


def energy(compiler: Compiler, totals: Totals) -> Ledger:
    """The ledger of a generation, its prompt included."""
    return ledger(compiler.device, all_work(totals), totals.cycles, totals.refreshes)


def energy_by_part(compiler: Compiler, totals: Totals) -> dict[Part, Ledger]:
    """The ledger of each (label, unit), standby included; refresh is a part of its own."""
    device = compiler.device
    parts = {part: ledger(device, work, work.cycles, 0) for part, work in totals.work.items()}
    if totals.refreshes:
        taken = totals.refreshes * compiler.timing["rfc"]
        parts["refresh", "refresh"] = ledger(device, Work(), taken, totals.refreshes)
    return parts


def all_work(totals: Totals) -> Work:
    """The work of all parts."""
    return sum(totals.work.values(), Work())


def ledger(device: Device, work: Work, cycles: int, refreshes: int) -> Ledger:
    """What ``work`` costs on a device that takes ``cycles`` for it."""
    price = prices(device)
    if isinstance(price, str):
        return Ledger(None, (price,))
    channels = device.whole("organisation.channels")
    pj = {
        "activate": price.row * work.bank_activates,
        "mac column": price.mac_column * work.bank_macs,
        "mac unit": price.mac_cycle * work.mac_cycles,
        "read": price.read * work.columns_read,
        "write": price.write * work.columns_written,
        "refresh": price.refresh * refreshes * channels,
        "active standby": price.open_cycle * work.open_cycles,
        "precharge standby": price.closed_cycle * (cycles * channels - work.open_cycles),
    }
    if price.pin_column is not None:
        pins = price.pin_column * (work.columns_read + work.columns_written)
        pj["link"] = pins + (price.link_cycle or 0.0) * work.link_cycles
    if price.asic_cycle is not None:
        pj["asic"] = price.asic_cycle * work.asic_cycles
    return Ledger(pj, price.notes)


def prices(device: Device) -> Prices | str:
    """The device's prices, or a sentence that says why there are none."""
    i, t, tck = device.section("currents"), engine_timing(device), device["timing.tck_ns"]
    refresh = i.get("idd5b", i.get("idd5ab"))
    if refresh is None or not set(CURRENTS) <= i.keys():
        return f"No energy: the currents of {device.title} are not known."
    notes: list[str] = []

    def above(name: str, active: float, cycles: float) -> float:
        """A current above standby, at least nothing."""
        extra = active - i["idd3n"] * cycles
        if extra < 0:
            notes.append(f"By the currents, {name} would cost less than nothing; counted as 0.")
        return max(0.0, extra)

    volts = i["vdd"] * device.section("organisation").get("devices", 1) * tck
    if row := i.get("row_pj", 0.0):
        notes.append(f"A row of a bank is taken to cost {row:g} pJ (row_pj) instead of what the "
                     f"currents give.")  # fmt: skip
    else:
        cycle = t["ras"] + t["rp"]
        row = volts * above("a row", i["idd0"] * cycle - i["idd2n"] * t["rp"], t["ras"])
    read = volts * above("a read", i["idd4r"] * t["bl"], t["bl"])
    write = volts * above("a write", i["idd4w"] * t["bl"], t["bl"])
    link, asic = device.section("link"), device.section("asic").get("power_mw")
    bit = link.get("pj_per_bit")
    if bit is None:
        notes.append("The energy of a bit over the pins is not known and left out.")
    if asic is None:
        notes.append("The power of the ASIC (or processor) is not known and left out.")
    return Prices(
        row=row,
        mac_column=read * i.get("mac_share", 1.0),
        read=read,
        write=write,
        refresh=volts * above("a refresh", refresh * t["rfc"], t["rfc"]),
        open_cycle=volts * i["idd3n"],
        closed_cycle=volts * i["idd2n"],
        mac_cycle=device.section("mac").get("power_mw", 0.0) * tck,
        link_cycle=None if bit is None else 8 * bit * link.get("gb_per_s", 0.0) * tck,
        pin_column=None if bit is None else 8 * bit * geometry(device).column_bytes,
        asic_cycle=None if asic is None else asic * tck,
        notes=tuple(notes),
    )
