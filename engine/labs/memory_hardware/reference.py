"""The slow, obvious simulator: every command, one after the other, against every timing rule.

Commands keep their order. Each is issued at the earliest cycle that its rules allow: a table of
(command before, command after, cycles). Before a row is opened a refresh that is due comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.labs.memory_hardware.program import Compiler, Run

START = 0


class Command(NamedTuple):
    """A command of a channel: when, what, for which run, and the rule that held it back last."""

    cycle: int
    name: str
    run: int
    because: str
    since: int


class Bound(NamedTuple):
    """Nothing before ``cycle``, because of what was issued at ``since``."""

    cycle: int
    since: int
    because: str


@dataclass(frozen=True)
class Simulated:
    """All commands and the cycle at which the last run is over."""

    commands: tuple[Command, ...]
    cycles: int


def rules(t: Mapping[str, int]) -> dict[tuple[str, str], tuple[int, str]]:
    """(before, after) -> cycles and name; all banks of a channel act together."""
    column = {"MAC": "rcd_mac", "WR": "rcd_wr"}
    found = {("ACT", name): (t[key], "tRCD") for name, key in column.items()}
    found |= {
        ("ACT", "PRE"): (t["ras"], "tRAS"),
        ("MAC", "MAC"): (t["ccd"], "tCCD"),
        ("WR", "WR"): (t["ccd"], "tCCD"),
        ("MAC", "PRE"): (t["rtp"], "tRTP"),
        ("WR", "PRE"): (t["cwl"] + t["bl"] + t["wr"], "tWR"),
        ("PRE", "ACT"): (t["rp"], "tRP"),
        ("PRE", "REF"): (t["rp"], "tRP"),
        ("PRE", "LINK"): (t["rp"], "tRP"),
        ("PRE", "ASIC"): (t["rp"], "tRP"),
        ("REF", "ACT"): (t["rfc"], "tRFC"),
        ("REF", "REF"): (t["rfc"], "tRFC"),
    }
    return found


class Channel:
    """Issues commands in order and remembers the last cycle of each kind."""

    def __init__(self, t: Mapping[str, int], refresh: bool):
        self.table = rules(t)
        self.last: dict[str, int] = {}
        self.busy = Bound(START, -1, "")
        self.due = t["refi"] if refresh else None
        self.interval = t["refi"]
        self.log: list[Command] = []

    def earliest(self, name: str) -> Bound:
        """What holds ``name`` back longest; of equal bounds the one with the later cause."""
        best = self.busy
        for before, cycle in self.last.items():
            if (rule := self.table.get((before, name))) is not None:
                cycles, because = rule
                best = max(best, Bound(cycle + cycles, cycle, because))
        return best

    def issue(self, name: str, run: int) -> int:
        """Issue a command as early as it may come."""
        cycle, since, because = self.earliest(name)
        self.last[name] = cycle
        self.log.append(Command(cycle, name, run, because, since))
        return cycle

    def row(self, column: str, columns: int, run: int) -> None:
        """Open, use and close a row; a refresh that is due comes before."""
        while self.due is not None and self.earliest("ACT").cycle >= self.due:
            self.issue("REF", run)
            self.due += self.interval
        self.issue("ACT", run)
        self.last.pop("MAC", None)
        self.last.pop("WR", None)
        for _ in range(columns):
            self.issue(column, run)
        self.issue("PRE", run)

    def occupy(self, unit: str, cycles: int, run: int) -> None:
        """The link or the ASIC works while the memory waits."""
        cycle = self.issue(unit, run)
        self.busy = Bound(cycle + cycles, cycle, unit)

    def end(self) -> int:
        """The cycle at which everything is over: rows are closed."""
        closed = self.last["PRE"] + self.table["PRE", "ACT"][0] if "PRE" in self.last else START
        return max(self.busy.cycle, closed)


def simulate(compiler: Compiler, tokens: int, *, start: int = 0, refresh: bool = True) -> Simulated:
    """Every command of a generation."""
    channel = Channel(compiler.device.cycles(), refresh)
    for number, run in enumerate(all_runs(compiler, tokens, start)):
        if run.in_memory:
            column = "MAC" if run.unit == "mac" else "WR"
            for _ in range(run.rows):
                channel.row(column, run.columns, number)
        else:
            channel.occupy("LINK" if run.unit == "link" else "ASIC", run.columns, number)
    return Simulated(tuple(channel.log), channel.end())


def all_runs(compiler: Compiler, tokens: int, start: int = 0) -> Iterator[Run]:
    """The runs of all tokens and layers in order."""
    for context in range(start + 1, start + tokens + 1):
        layer, after = compiler.token(context)
        for _ in range(compiler.shape.layers):
            yield from layer
        yield from after


def counts(commands: Sequence[Command]) -> dict[str, int]:
    """How often each command was issued."""
    found: dict[str, int] = {}
    for command in commands:
        found[command.name] = found.get(command.name, 0) + 1
    return found
