"""The banks of one DRAMsim3 channel: open rows, when each command may come, windows of activates.

Rules hold between commands of the same bank and of other banks (bank groups are switched off).
Source: timing.cc, bankstate.cc and channel_state.cc of umd-memsys/DRAMsim3 (MIT); the code is ours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

READ, WRITE, ACT, PRE, REF = "RD", "WR", "ACT", "PRE", "REF"
START: tuple[int, str, int] = (0, "", -1)


class Step(NamedTuple):
    """After ``before``, ``after`` may come ``cycles`` later in the same or in the other banks."""

    before: str
    after: str
    cycles: int
    name: str


def same_bank(t: Mapping[str, int]) -> list[Step]:
    """Rules within a bank."""
    return [
        *_columns(t),
        Step(READ, PRE, t["rtp"], "tRTP"),
        Step(WRITE, PRE, t["cwl"] + t["burst"] + t["wr"], "tWR"),
        Step(ACT, ACT, t["ras"] + t["rp"], "tRC"),
        Step(ACT, READ, t["rcd_rd"], "tRCDRD"),
        Step(ACT, WRITE, t["rcd_wr"], "tRCDWR"),
        Step(ACT, PRE, t["ras"], "tRAS"),
        Step(PRE, ACT, t["rp"], "tRP"),
        Step(PRE, REF, t["rp"], "tRP"),
    ]


def other_banks(t: Mapping[str, int]) -> list[Step]:
    """Rules between banks, which share the data bus and the current."""
    return [
        *_columns(t),
        Step(ACT, ACT, t["rrd"], "tRRD"),
        Step(PRE, PRE, t["ppd"], "tPPD"),
    ]


def _columns(t: Mapping[str, int]) -> list[Step]:
    next_column = max(t["burst"], t["ccd_s"])
    return [
        Step(READ, READ, next_column, "tCCD"),
        Step(WRITE, WRITE, next_column, "tCCD"),
        Step(READ, WRITE, t["cl"] + t["burst"] - t["cwl"] + t["rpre"], "tRTW"),
        Step(WRITE, READ, t["cwl"] + t["burst"] + t["wtr"], "tWTR"),
    ]


class Banks:
    """Row and timing state of ``count`` banks."""

    def __init__(self, count: int, timing: Mapping[str, int]):
        self.count = count
        self.timing = timing
        self.row = [-1] * count
        self.open = 0  # how many are
        self.hits = [0] * count
        self.ready: list[dict[str, tuple[int, str, int]]] = [{} for _ in range(count)]
        self._same: dict[str, list[Step]] = {}
        self._other: dict[str, list[Step]] = {}
        for table, steps in (
            (self._same, same_bank(timing)),
            (self._other, other_banks(timing)),
        ):
            for step in steps:
                table.setdefault(step.before, []).append(step)
        self._four: deque[int] = deque()
        self._many: deque[int] = deque()

    def needs(self, kind: str, bank: int, row: int) -> str:
        """What must come next for an access: itself, ACT, or PRE."""
        here = self.row[bank]
        return ACT if here == -1 else kind if here == row else PRE

    def ready_from(self, command: str, bank: int) -> tuple[int, str, int]:
        """The first cycle for a command, the rule that holds it and the cycle it counts from."""
        until = self.ready[bank].get(command, START)
        if command == ACT:
            for window, most, name, cycles in (
                (self._four, 4, "tFAW", self.timing["faw"]),
                (self._many, 32, "t32AW", self.timing["aw32"]),
            ):
                if len(window) >= most and window[0] > until[0]:
                    until = window[0], name, window[0] - cycles
        return until

    def refresh_step(self, clock: int) -> tuple[str, int] | None:
        """For a refresh that waits: PRE of the first open bank that can, REF once all are shut."""
        able = 0
        for bank in range(self.count):
            command = REF if self.row[bank] == -1 else PRE
            if clock >= self.ready_from(command, bank)[0]:
                if command == PRE:
                    return PRE, bank
                able += 1
        return (REF, -1) if able == self.count else None

    def ready_for_refresh(self, command: str, bank: int) -> tuple[int, str, int]:
        """As ``ready_from``; a REF waits for all banks."""
        if command == PRE:
            return self.ready_from(PRE, bank)
        return max(self.ready_from(REF, one) for one in range(self.count))

    def refresh_ready(self) -> int:
        """The first cycle at which ``refresh_step`` has something."""
        opened = [bank for bank in range(self.count) if self.row[bank] >= 0]
        if opened:
            return min(self.ready_from(PRE, bank)[0] for bank in opened)
        return max(self.ready_from(REF, bank)[0] for bank in range(self.count))

    def issue(self, command: str, bank: int, row: int, clock: int) -> None:
        """Take a command: rows open and close, and other commands have to wait."""
        if command == REF:
            until = clock + self.timing["rfc"], "tRFC", clock
            for ready in self.ready:
                for after in (ACT, REF):
                    ready[after] = max(ready.get(after, START), until)
            return
        if command == ACT:
            self.row[bank], self.hits[bank] = row, 0
            self.open += 1
            for window, cycles in ((self._four, "faw"), (self._many, "aw32")):
                if window and clock >= window[0]:
                    window.popleft()
                window.append(clock + self.timing[cycles])
        elif command == PRE:
            self.row[bank], self.hits[bank] = -1, 0
            self.open -= 1
        else:
            self.hits[bank] += 1
        for other in range(self.count):
            steps = self._same if other == bank else self._other
            ready = self.ready[other]
            for step in steps.get(command, ()):
                until = clock + step.cycles, step.name, clock
                if until > ready.get(step.after, START):
                    ready[step.after] = until
