"""One DRAMsim3 channel, cycle by cycle with nothing left out: the slow twin of the lab's replay.

Written after the simulator's sources, apart from the lab's code, for its GDDR6 8 Gb x16 set.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

Request = tuple[int, bool, int]  # address, write, earliest cycle
BANKS, QUEUE, DEPTH = 16, 32, 8
READ_TO_WRITE, WRITE_TO_READ, COLUMN = 24 + 1 - 16 + 1, 16 + 1 + 7, 3
TO_SAME = {
    "RD": {"RD": COLUMN, "WR": READ_TO_WRITE, "PRE": 5},
    "WR": {"RD": WRITE_TO_READ, "WR": COLUMN, "PRE": 16 + 1 + 16},
    "ACT": {"ACT": 54 + 24, "RD": 24, "WR": 20, "PRE": 54},
    "PRE": {"ACT": 24, "REF": 24},
    "REF": {"ACT": 126, "REF": 126},
}
TO_OTHERS = {
    "RD": {"RD": COLUMN, "WR": READ_TO_WRITE},
    "WR": {"RD": WRITE_TO_READ, "WR": COLUMN},
    "ACT": {"ACT": 9},
    "PRE": {"PRE": 2},
    "REF": {"ACT": 126, "REF": 126},
}
READ_DELAY, REFRESH_EVERY = 24 + 1, 11_862
WINDOWS = ((4, 32), (32, 420))


@dataclass
class Entry:
    address: int
    write: bool

    @property
    def kind(self) -> str:
        return "WR" if self.write else "RD"

    @property
    def place(self) -> tuple[int, int, int]:
        """Bank, row, column."""
        block = self.address // 256
        return block // 128 % BANKS, block // (128 * BANKS), block % 128


@dataclass
class Memory:
    clock: int = 0
    log: list[tuple[int, str, int]] = field(default_factory=list)
    allowed: list[Counter[str]] = field(default_factory=lambda: [Counter() for _ in range(BANKS)])
    row: list[int] = field(default_factory=lambda: [-1] * BANKS)
    used: list[int] = field(default_factory=lambda: [0] * BANKS)
    hits: int = 0
    windows: list[list[int]] = field(default_factory=lambda: [[], []])
    queues: list[list[Entry]] = field(default_factory=lambda: [[] for _ in range(BANKS)])
    turn: int = 0
    due: int = 0
    locked: bool = False
    reads: list[Entry] = field(default_factory=list)
    writes: list[Entry] = field(default_factory=list)
    waiting: dict[int, list[int]] = field(default_factory=dict)
    buffered: set[int] = field(default_factory=set)
    to_drain: int = 0
    returning: list[tuple[int, int]] = field(default_factory=list)
    latencies: list[int] = field(default_factory=list)
    written: list[int] = field(default_factory=list)

    def cycle(self) -> None:
        self._return()
        self.due += self.clock > 0 and self.clock % REFRESH_EVERY == 0
        self._command()
        self._move()
        self.clock += 1

    def take(self, address: int, write: bool) -> bool:
        if len(self.writes if write else self.reads) == QUEUE:
            return False
        if write:
            if address not in self.buffered:
                self.buffered.add(address)
                self.writes.append(Entry(address, True))
            self.written.append(self.clock + 1)
        elif address in self.buffered:
            self.returning.append((self.clock + 1, self.clock))
        else:
            if address not in self.waiting:
                self.reads.append(Entry(address, False))
            self.waiting.setdefault(address, []).append(self.clock)
        return True

    def _return(self) -> None:
        done = [one for one in self.returning if one[0] <= self.clock]
        self.returning = [one for one in self.returning if one[0] > self.clock]
        self.latencies += [self.clock - added for _, added in done]

    def _needs(self, bank: int, kind: str, row: int) -> str | None:
        """What must come now for an access or a refresh; None where it may not come yet."""
        if self.row[bank] < 0:
            step = "REF" if kind == "REF" else "ACT"
        else:
            step = kind if kind != "REF" and row == self.row[bank] else "PRE"
        return step if self.clock >= self.allowed[bank][step] else None

    def _window_open(self) -> bool:
        return not any(
            len(ends) >= most and self.clock < ends[0]
            for ends, (most, _) in zip(self.windows, WINDOWS, strict=True)
        )

    def _command(self) -> None:
        if self.due:
            self.locked = True
            steps = [self._needs(bank, "REF", -1) for bank in range(BANKS)]
            if "PRE" in steps:
                self._issue("PRE", steps.index("PRE"), -1)
            elif None not in steps:
                self.due -= 1
                self.locked = False
                self._issue("REF", -1, -1)
            return
        for _ in range(BANKS):
            self.turn = (self.turn + 1) % BANKS
            if self._from_queue(self.turn):
                return

    def _from_queue(self, bank: int) -> bool:
        queue = self.queues[bank]
        for i, one in enumerate(queue):
            _, row, column = one.place
            step = self._needs(bank, one.kind, row)
            if step is None or (step == "ACT" and not self._window_open()):
                continue
            if step == "PRE":
                still = any(other.place[1] == self.row[bank] for other in queue)
                if i > 0 or (still and self.used[bank] < 4):
                    continue
            if step == "WR" and any(
                not other.write and other.place[1:] == (row, column) for other in queue[:i]
            ):
                continue
            if step in ("RD", "WR"):
                queue.pop(i)
                if one.write:
                    self.buffered.remove(one.address)
                else:
                    self.returning += [
                        (self.clock + READ_DELAY, added) for added in self.waiting.pop(one.address)
                    ]
            self._issue(step, bank, row)
            return True
        return False

    def _issue(self, step: str, bank: int, row: int) -> None:
        self.log.append((self.clock, step, bank))
        if step in ("RD", "WR"):
            self.hits += self.used[bank] > 0
            self.used[bank] += 1
        elif step == "ACT":
            self.row[bank] = row
            for ends, (_, length) in zip(self.windows, WINDOWS, strict=True):
                if ends and self.clock >= ends[0]:
                    ends.pop(0)
                ends.append(self.clock + length)
        elif step == "PRE":
            self.row[bank], self.used[bank] = -1, 0
        for other in range(BANKS):
            for later, cycles in (TO_SAME if other == bank else TO_OTHERS)[step].items():
                allowed = self.allowed[other]
                allowed[later] = max(allowed[later], self.clock + cycles)

    def _move(self) -> None:
        full = len(self.writes) == QUEUE
        if not self.to_drain and (full or (len(self.writes) > 8 and not any(self.queues))):
            self.to_drain = len(self.writes)
        queue = self.writes if self.to_drain else self.reads
        for i, one in enumerate(queue):
            bank = one.place[0]
            if len(self.queues[bank]) == DEPTH:
                continue
            if one.write:
                if one.address in self.waiting:
                    self.to_drain = 0
                    return
                self.to_drain -= 1
            self.queues[bank].append(queue.pop(i))
            return


def run_by_cycle(requests: list[Request], most: int) -> Memory | None:
    """The memory when the last read is back (the last write, without reads); None after ``most``.

    ``clock`` is then the number of cycles that this took.
    """
    memory = Memory()
    reads = sum(not write for _, write, _ in requests)
    place = 0
    while memory.clock < most:
        now = memory.clock
        memory.cycle()
        if reads and len(memory.latencies) == reads:
            return memory
        if not reads and place == len(requests) and max(memory.written) <= now:
            return memory
        if place < len(requests) and requests[place][2] <= now:
            place += memory.take(*requests[place][:2])
    return None
