"""The AiM simulator's memory, cycle by cycle with all 32 channels: the slow twin of the replay.

Written after the simulator's sources, apart from the lab's code, for its stock preset.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

CHANNELS, BANKS = 32, 16
WHOLE = {"ACT16", "PREA", "MAC16", "AF16", "EWMUL16", "WRGB", "RDMAC16", "RDAF16", "WRMAC16",
         "WRA16", "TMOD"}  # fmt: skip
OUT, IN = "RD RDMAC16 RDAF16", "WR WRA16 WRGB WRMAC16"
WIDE_OUT, WIDE_IN = "RDMAC16 RDAF16 MAC16 EWMUL16", "WRA16 WRMAC16 EWMUL16"
ACTS, ALL_BANKS = "ACT ACT16", "MAC16 AF16 EWMUL16 WRA16"
WRITTEN = 6 + 2 + 33  # last data of a write to its precharge
# (level, before, after, cycles), after every sentence of the simulator's table of constraints.
TABLE = (
    ("channel", OUT, OUT, 2),
    ("channel", IN, IN, 2),
    ("channel", "MAC MAC16 RDCP " + OUT, "MAC MAC16 RDCP " + OUT, 2),
    ("channel", "WRCP " + IN, "WRCP " + IN, 2),
    ("channel", "RD MAC RDCP " + WIDE_OUT, WIDE_OUT, 2),
    ("channel", WIDE_OUT, "RD MAC RDCP " + WIDE_OUT, 2),
    ("channel", "WR WRCP " + WIDE_IN, WIDE_IN, 2),
    ("channel", WIDE_IN, "WR WRCP " + WIDE_IN, 2),
    ("channel", "RD", "WR WRA16", 50 + 2 + 3 - 6 + 1),
    ("channel", "RD", "WRGB WRMAC16", 50 + 2 + 3 - 1 + 1),
    ("channel", "RDMAC16 RDAF16", "WR WRA16", 0 + 2 + 3 - 6 + 1),
    ("channel", "RDMAC16 RDAF16", "WRGB WRMAC16", 0 + 2 + 3 - 1 + 1),
    ("channel", "WR", "RD", 6 + 2 + 9),
    ("channel", "WR", "RDMAC16 RDAF16", 6 + 2 + 11),
    ("channel", "WRA16", OUT, 6 + 2 + 11),
    ("channel", "WRGB", OUT, 1 + 2 + 9),
    ("channel", "WRMAC16", OUT, 1 + 2 + 11),
    ("channel", "RD RDCP MAC MAC16 AF16 EWMUL16", "PREA", 12),
    ("channel", "MAC16 AF16 EWMUL16", "PRE", 12),
    ("channel", "WR WRCP", "PREA", WRITTEN),
    ("channel", "EWMUL16", "PRE PREA", 6 + 33),
    ("channel", ACTS, "ACT", 5),
    ("channel", "ACT16", "ACT", 6),
    ("channel", ACTS, "ACT16", 6),
    ("channel", ACTS, "PREA", 54),
    ("channel", "ACT16", "PRE", 54),
    ("channel", "PRE PREA", "ACT16", 32),
    ("channel", "PREA", "ACT PRE PREA", 32),
    ("channel", "PRE", "PRE PREA", 32),
    ("channel", "WRA16", ACTS, WRITTEN + 32),
    ("channel", ACTS, "MAC16", 56),
    ("channel", ACTS, "AF16", 86),
    ("channel", ACTS, "EWMUL16", 25),
    ("channel", ACTS, "WRA16", 28),
    ("channel", "TMOD", "ACT ACT16 PRE PREA RD WR MAC RDCP WRCP MAC16 AF16 EWMUL16 WRGB RDMAC16 "
     "RDAF16 WRMAC16 WRA16", 32),
    *(("channel", "ACT16", *first) for first in (("MAC", 56), ("RDCP", 66), ("RD", 36),
                                                  ("WRCP", 48), ("WR", 28))),
    *(("bank", "ACT", *first) for first in (("MAC", 56), ("RDCP", 66), ("RD", 36),
                                             ("WRCP", 48), ("WR", 28))),
    ("bank", "ACT", "PRE", 54),
    ("bank", "PRE", "ACT", 32),
    ("group", "RD MAC RDCP", "RD MAC RDCP", 2),
    ("group", "WR WRCP", "WR WRCP", 2),
    ("group", "WR", "RD", 6 + 2 + 11),
    ("group", "RD RDCP MAC", "PRE", 12),
    ("group", "WR WRCP", "PRE", WRITTEN),
    ("group", "ACT", "ACT", 6),
)  # fmt: skip
LATER: dict[tuple[str, str], list[tuple[str, int]]] = {}
for _level, _before, _after, _cycles in TABLE:
    for _first in _before.split():
        LATER.setdefault((_level, _first), []).extend((one, _cycles) for one in _after.split())
LATENCY = {"WR": 8, "WRGB": 3, "WRMAC16": 3, "RDMAC16": 2, "RDAF16": 2, "RD": 52, "WRA16": 40}
FINAL = {"WR_SBK": "WR", "RD_SBK": "RD", "WR_GB": "WRGB", "WR_BIAS": "WRMAC16", "RD_MAC": "RDMAC16",
         "RD_AF": "RDAF16", "COPY_BKGB": "RDCP", "COPY_GBBK": "WRCP", "MAC_SBK": "MAC",
         "MAC_ABK": "MAC16", "AF": "AF16", "EWMUL": "EWMUL16", "WR_ABK": "WRA16", "SYNC": "SYNC",
         "EOC": "EOC"}  # fmt: skip
# What each instruction's operands are: size, register, mask, bank, row.
OPERANDS = {"WR_SBK": "gmbr", "WR_ABK": "gmr", "WR_GB": "ogm", "WR_BIAS": "gm", "RD_MAC": "gm",
            "RD_AF": "gm", "RD_SBK": "gmbr", "COPY_BKGB": "ombr", "COPY_GBBK": "ombr",
            "MAC_SBK": "ombr", "MAC_ABK": "omr", "AF": "m", "EWMUL": "omr", "EWADD": "ogh",
            "SYNC": "", "EOC": ""}  # fmt: skip


@dataclass(eq=False)
class Wish:
    final: str
    bank: int = -1
    row: int = -1
    registers: bool = False
    answers: bool = False
    arrived: int = 0
    departs: int = 0

    @property
    def single(self) -> bool:
        return self.final in ("RD", "WR")

    @property
    def barrier(self) -> bool:
        return self.final in ("SYNC", "EOC")

    def nodes(self) -> list[tuple[str, int]]:
        whole = [("channel", 0)]
        return whole if self.bank < 0 else [*whole, ("group", self.bank // 4), ("bank", self.bank)]


@dataclass
class Channel:
    answer: Callable[[], None]
    clock: int = 0
    log: list[tuple[int, str, int]] = field(default_factory=list)
    allowed: Counter[tuple[tuple[str, int], str]] = field(default_factory=Counter)
    rows: list[int] = field(default_factory=lambda: [-1] * BANKS)
    opened: list[Wish] = field(default_factory=list)
    aim: list[Wish] = field(default_factory=list)
    reads: list[Wish] = field(default_factory=list)
    writes: list[Wish] = field(default_factory=list)
    leaving: list[Wish] = field(default_factory=list)
    working: list[Wish] = field(default_factory=list)
    writing: bool = False
    registers: bool = False

    def send(self, wish: Wish) -> bool:
        if self.aim if wish.single else (self.reads or self.writes):
            return False
        if wish.final == "RD" and self.writes:
            wish.departs = self.clock + 1
            self.leaving.append(wish)
            return True
        queue = {"RD": self.reads, "WR": self.writes}.get(wish.final, self.aim)
        if len(queue) > 32:
            return False
        wish.arrived = self.clock
        queue.append(wish)
        return True

    def cycle(self) -> None:
        self.clock += 1
        if self.leaving and self.leaving[0].departs <= self.clock:
            first = self.leaving[0]
            if not first.barrier or not self.working:
                if first.answers:
                    self.answer()
                self.leaving.pop(0)
        self.working = [one for one in self.working if one.departs > self.clock]
        chosen = self._choose()
        if chosen is None:
            return
        wish, step, queue = chosen
        if wish.barrier:
            wish.departs = self.clock
            self.leaving.append(wish)
            queue.remove(wish)
            return
        if wish.registers != self.registers:
            step, self.registers = "TMOD", wish.registers
        self._issue(step, wish)
        if step == wish.final:
            wish.departs = self.clock + LATENCY.get(step, 1)
            (self.leaving if wish.answers or step == "RD" else self.working).append(wish)
            queue.remove(wish)
        elif wish.single and step == "ACT":
            self.opened.append(wish)
            queue.remove(wish)

    def _choose(self) -> tuple[Wish, str, list[Wish]] | None:
        wish, queue = self._best(self.opened), self.opened
        if wish is None or not self._ready(self._step(wish), wish):
            if self.aim:
                wish, queue = self.aim[0], self.aim
                if wish.barrier:
                    return wish, wish.final, queue
            else:
                if self.writing:
                    self.writing = not (len(self.writes) < 6.4 and self.reads)
                else:
                    self.writing = len(self.writes) > 25.6 or not self.reads
                queue = self.writes if self.writing else self.reads
                wish = self._best(queue)
            if wish is None or not self._ready(self._step(wish), wish):
                return None
        step = self._step(wish)
        if step == "PRE" and any(one.bank == wish.bank for one in self.opened):
            return None
        return wish, step, queue

    def _best(self, queue: list[Wish]) -> Wish | None:
        ranked = [(not self._ready(self._step(one), one), one.arrived, i)
                  for i, one in enumerate(queue)]  # fmt: skip
        return queue[min(ranked)[2]] if ranked else None

    def _step(self, wish: Wish) -> str:
        if wish.final in ALL_BANKS.split():
            if any(row not in (-1, wish.row) for row in self.rows):
                return "PREA"
            return "ACT16" if -1 in self.rows else wish.final
        if wish.bank < 0 or self.rows[wish.bank] == wish.row:
            return wish.final
        return "ACT" if self.rows[wish.bank] < 0 else "PRE"

    def _ready(self, step: str, wish: Wish) -> bool:
        nodes = [("channel", 0)] if step in WHOLE else wish.nodes()
        return all(self.clock >= self.allowed[node, step] for node in nodes)

    def _issue(self, step: str, wish: Wish) -> None:
        self.log.append((self.clock, step, -1 if step in WHOLE else wish.bank))
        for node in wish.nodes():
            for later, cycles in LATER.get((node[0], step), ()):
                at = node, later
                self.allowed[at] = max(self.allowed[at], self.clock + cycles)
        if step in ("ACT", "PRE"):
            self.rows[wish.bank] = wish.row if step == "ACT" else -1
        elif step in ("ACT16", "PREA", "WRA16"):
            self.rows = [wish.row if step == "ACT16" else -1] * BANKS


class Host:
    """Instructions in order; those that read results hold up all others."""

    def __init__(self, text: str) -> None:
        self.lines = deque(words for line in text.splitlines() if (words := line.split()))
        self.channels = [Channel(self._answered) for _ in range(CHANNELS)]
        self.left: list[list[Wish]] = [[] for _ in range(CHANNELS)]
        self.open = self.cycles = self.function = 0
        self.over = False

    def run(self) -> int:
        while not self.over:
            self._host()
            for channel in self.channels:
                channel.cycle()
            self.cycles += 1
        return self.cycles

    def _host(self) -> None:
        had = any(self.left)
        for channel, left in zip(self.channels, self.left, strict=True):
            while left and channel.send(left[0]):
                left.pop(0)
        if self.open or any(self.left):
            return
        if not had and self.lines:
            for place, wish in self._wishes(self.lines[0]):
                self.open += wish.answers
                if not self.channels[place].send(wish):
                    self.left[place].append(wish)
            if self.open or any(self.left):
                return
        if self.lines:
            self.lines.popleft()

    def _wishes(self, words: list[str]) -> list[tuple[int, Wish]]:
        kind, name, *rest = words
        numbers = [int(word, 0) for word in rest]
        if kind != "AiM":
            if name == "CFR" and kind == "W" and numbers[0] == 2:
                self.function = numbers[1]
            one = {"R": "RD", "W": "WR"}[kind]
            return [(numbers[0], Wish(one, *numbers[1:]))] if name == "MEM" else []
        if name == "EWADD":
            return []
        if name in ("SYNC", "EOC"):
            return [(place, Wish(name, answers=True)) for place in range(CHANNELS)]
        given = dict(zip(OPERANDS[name], numbers, strict=True))
        row = (1 << 29) + self.function if name == "AF" else given.get("r", -1)
        reads = name in ("RD_MAC", "RD_AF")
        return [
            (CHANNELS - 1 - bit, Wish(FINAL[name], given.get("b", -1), row,
                                      reads or name in ("WR_GB", "WR_BIAS"), reads))
            for _ in range(given.get("o", 1))
            for bit in range(CHANNELS)
            if given["m"] >> bit & 1
        ]  # fmt: skip

    def _answered(self) -> None:
        self.open -= 1
        if not self.open:
            self.over = self.lines.popleft() == ["AiM", "EOC"]
