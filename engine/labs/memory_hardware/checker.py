"""Checks a table of commands against a device's timing, knowing nothing of how it was made.

It keeps, for every bank of every channel, when it was last opened, read, written and closed, and
compares each command with the constants of the preset. What lies before a window is unknown and
never a violation.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.expand import NAMES, Commands

LONG_AGO = -(1 << 60)
CLOSED, OPEN, UNKNOWN = 0, 1, -1
ACTIVATES = ((1, "rrd", "tRRD"), (4, "faw", "tFAW"), (32, "aw32", "t32AW"))


@dataclass(frozen=True, slots=True)
class Violation:
    """Command number ``position`` of the table came ``short`` cycles too early for ``rule``.

    ``short`` is 0 where the command was impossible at any time.
    """

    position: int
    command: str
    cycle: int
    rule: str
    short: int


def check(
    commands: Commands,
    device: Device,
    *,
    refreshes_before: int | None = None,
    overlap: bool = False,
) -> list[Violation]:
    """Every violation in a window.

    The number of ``refreshes_before`` it makes the refresh interval checkable. With ``overlap`` the
    banks may work while the link does; link and ASIC still take turns.
    """
    walk = _Walk(device, refreshes_before, overlap)
    columns = (commands.cycle, commands.name, commands.channel, commands.bank, commands.duration)
    for position, row in enumerate(zip(*(one.tolist() for one in columns), strict=True)):
        cycle, name, channel, bank, duration = row
        walk.position, walk.cycle, walk.command = position, cycle, NAMES[name]
        walk.step(channel, bank, duration)
    return walk.found


class _Walk:
    def __init__(self, device: Device, refreshes: int | None, overlap: bool):
        organisation = device.section("organisation")
        self.t = device.cycles()
        shape = int(organisation["channels"]), int(organisation["banks"])
        self.state = np.full(shape, UNKNOWN)
        self.last = {
            name: np.full(shape, LONG_AGO, np.int64) for name in ("ACT", "MAC", "RD", "WR", "PRE")
        }
        self.column = dict.fromkeys(("MAC", "RD", "WR"), LONG_AGO)
        self.activates: deque[int] = deque(maxlen=32)
        self.refreshed = LONG_AGO
        self.refreshes = refreshes
        self.overlap = overlap
        self.link = self.asic = LONG_AGO  # free from then on
        self.multiplies = "rcd_mac" in self.t
        self.short = self.t.get("ccd", self.t.get("ccd_s", 0))
        self.long = max(self.short, self.t.get("ccd_l", 0))
        self.burst = self.t.get("bl", self.t.get("burst", 0))
        self.found: list[Violation] = []
        self.position = self.cycle = 0
        self.command = ""

    def step(self, channel: int, bank: int, duration: int) -> None:
        where = slice(None) if channel < 0 else channel, slice(None) if bank < 0 else bank
        self.after(self.asic, "ASIC")
        if not self.overlap or self.command in ("LINK", "ASIC"):
            self.after(self.link, "LINK")
        if self.command in ("LINK", "ASIC"):
            self.all_closed()
            self.after(int(self.last["RD"].max()) + self.t.get("cl", 0) + self.burst, "data")
            if self.command == "LINK":
                self.link = self.cycle + duration
            else:
                self.asic = self.cycle + duration
        elif self.command == "REF":
            self.refresh()
        elif self.command == "ACT":
            self.activate(where, alone=bank >= 0)
        elif self.command == "PRE":
            self.precharge(where)
        else:
            self.use(where)

    def after(self, cycle: int, rule: str) -> None:
        """Complain where the command comes before ``cycle``."""
        if self.cycle < cycle:
            self.complain(rule, cycle - self.cycle)

    def complain(self, rule: str, short: int = 0) -> None:
        self.found.append(Violation(self.position, self.command, self.cycle, rule, short))

    def all_closed(self) -> None:
        if (self.state == OPEN).any():
            self.complain("every row closed")
        self.after(int(self.last["PRE"].max()) + self.t["rp"], "tRP")

    def refresh(self) -> None:
        self.all_closed()
        self.after(self.refreshed + self.t["rfc"], "tRFC")
        if self.refreshes is not None:
            self.refreshes += 1
            self.after(self.refreshes * self.t["refi"], "tREFI")
        self.refreshed = self.cycle

    def activate(self, where: tuple[slice | int, slice | int], *, alone: bool) -> None:
        if (self.state[where] == OPEN).any():
            self.complain("row closed")
        self.after(int(self.last["PRE"][where].max()) + self.t["rp"], "tRP")
        self.after(self.refreshed + self.t.get("rfc", 0), "tRFC")
        self.after(int(self.last["ACT"][where].max()) + self.t.get("rc", 0), "tRC")
        if alone and not self.multiplies:
            for count, name, rule in ACTIVATES:
                if len(self.activates) >= count:
                    self.after(self.activates[-count] + self.t.get(name, 0), rule)
            self.activates.append(self.cycle)
        # Reading over the pins refreshes only between stretches, which a table does not show.
        known = self.refreshes is not None and self.multiplies and "refi" in self.t
        if known and (self.refreshes or 0) < self.cycle // self.t["refi"]:
            self.complain("refresh first")
        self.state[where] = OPEN
        self.last["ACT"][where] = self.cycle

    def use(self, where: tuple[slice | int, slice | int]) -> None:
        name = self.command
        if (self.state[where] == CLOSED).any():
            self.complain("row open")
        rcd = {"MAC": "rcd_mac", "RD": "rcd_rd", "WR": "rcd_wr"}[name]
        self.after(int(self.last["ACT"][where].max()) + self.t[rcd], "tRCD")
        between = max(self.short, self.burst) if name == "RD" else self.short
        self.after(self.column[name] + between, "tCCD")
        self.after(int(self.last[name][where].max()) + self.long, "tCCD_L")
        self.column[name] = self.cycle
        self.last[name][where] = self.cycle

    def precharge(self, where: tuple[slice | int, slice | int]) -> None:
        if (self.state[where] == CLOSED).any():
            self.complain("row open")
        self.after(int(self.last["ACT"][where].max()) + self.t["ras"], "tRAS")
        read = max(int(self.last[name][where].max()) for name in ("MAC", "RD"))
        self.after(read + self.t["rtp"], "tRTP")
        write = self.t["cwl"] + self.burst + self.t["wr"]
        self.after(int(self.last["WR"][where].max()) + write, "tWR")
        self.state[where] = CLOSED
        self.last["PRE"][where] = self.cycle
