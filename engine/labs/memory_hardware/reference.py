"""The slow, obvious simulator: every command, one after the other, against every timing rule.

Commands keep their order. Each is issued at the earliest cycle that its rules allow: a table of
(command before, command after, cycles). Before a row is opened a refresh that is due comes first.
Of a stretch that is read over the pins every command is issued to its bank.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine.labs.memory_hardware.program import Compiler, Run
from engine.labs.memory_hardware.slots import ALL

START = 0


class Command(NamedTuple):
    """A command of a channel: when, what, for which run, and the rule that held it back last."""

    cycle: int
    name: str
    run: int
    because: str
    since: int
    bank: int = ALL


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
    found = {("ACT", name): (t[key], "tRCD") for name, key in column.items() if key in t}
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
        self.t = t
        self.table = rules(t)
        self.last: dict[str, int] = {}
        self.busy = Bound(START, -1, "")
        self.due = t["refi"] if refresh and t["refi"] else None
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

    def refresh(self, run: int) -> None:
        """Refreshes that are due, before a row is opened."""
        while self.due is not None and self.earliest("ACT").cycle >= self.due:
            self.issue("REF", run)
            self.due += self.interval

    def row(self, column: str, columns: int, run: int) -> None:
        """Open, use and close a row; a refresh that is due comes before."""
        self.refresh(run)
        self.issue("ACT", run)
        self.last.pop("MAC", None)
        self.last.pop("WR", None)
        for _ in range(columns):
            self.issue(column, run)
        self.issue("PRE", run)

    def stretch(self, columns: int, run: int) -> None:
        """Read ``columns`` over the pins, each command to its bank."""
        self.refresh(run)
        t, begin = self.t, self.earliest("ACT")
        acts: list[int] = []
        last: dict[tuple[str, int], int] = {}
        read: int | None = None
        issued: list[int] = []
        for name, bank, after in stretch_program(columns, t):
            bounds = [begin]
            if after is not None:
                bounds.append(Bound(issued[after], issued[after], "order"))
            if name == "ACT":
                bounds += [Bound(one + t["rrd"], one, "tRRD") for one in acts[-1:]]
                bounds += [Bound(one + t["faw"], one, "tFAW") for one in acts[-4:-3]]
                if (closed := last.get(("PRE", bank))) is not None:
                    bounds.append(Bound(closed + t["rp"], closed, "tRP"))
            else:
                opened = last["ACT", bank]
                wait, why = (t["rcd_rd"], "tRCD") if name == "RD" else (t["ras"], "tRAS")
                bounds.append(Bound(opened + wait, opened, why))
            if name == "RD" and read is not None:
                bounds.append(Bound(read + t["column"], read, "tCCD"))
            if name == "PRE":
                used = last["RD", bank]
                bounds.append(Bound(used + t["rtp"], used, "tRTP"))
            cycle, since, because = max(bounds)
            issued.append(cycle)
            last[name, bank] = cycle
            read = cycle if name == "RD" else read
            if name == "ACT":
                acts.append(cycle)
            self.log.append(Command(cycle, name, run, because, since, bank))
        self.last["PRE"] = max(cycle for (name, _), cycle in last.items() if name == "PRE")
        assert read is not None
        arrived = Bound(read + t["cl"] + t["bl"], read, "data")
        self.busy = max(self.busy, arrived)

    def occupy(self, unit: str, cycles: int, run: int) -> None:
        """The link or the ASIC works while the memory waits."""
        cycle = self.issue(unit, run)
        self.busy = Bound(cycle + cycles, cycle, unit)

    def end(self) -> int:
        """The cycle at which everything is over: rows are closed."""
        closed = self.last["PRE"] + self.table["PRE", "ACT"][0] if "PRE" in self.last else START
        return max(self.busy.cycle, closed)


def stretch_program(columns: int, t: Mapping[str, int]) -> Iterator[tuple[str, int, int | None]]:
    """Commands of a stretch: name, bank, and the number of the command that comes before it.

    A set of ``together`` rows is opened, its columns are read in turns, its banks are closed. The
    next set is opened after the first column where it lies in other banks, else after the last PRE.
    """
    together, banks = t["together"], t["banks"]
    size = together * t["row_columns"]
    sets = [
        ([(first + i) % banks for i in range(min(together, count))], count)
        for first, count in (
            (number * together, min(size, columns - number * size))
            for number in range(-(-columns // size))
        )
    ]
    ahead = 2 * together <= banks
    count = 0
    for i, (here, reads) in enumerate(sets):
        if i == 0:
            yield from (("ACT", bank, None) for bank in here)
            count += len(here)
        yield "RD", here[0], None
        count += 1
        first = count - 1
        following = sets[i + 1][0] if i + 1 < len(sets) else []
        if ahead:
            yield from (("ACT", bank, first) for bank in following)
            count += len(following)
        yield from (("RD", here[j % len(here)], None) for j in range(1, reads))
        yield from (("PRE", bank, None) for bank in here)
        count += reads - 1 + len(here)
        if not ahead:
            for bank in following:
                yield "ACT", bank, count - 1
                count += 1


def simulate(
    compiler: Compiler,
    tokens: int,
    *,
    start: int = 0,
    prompt: int = 0,
    refresh: bool | None = None,
) -> Simulated:
    """Every command of a generation; the arguments as in ``fast.generate``."""
    wanted = compiler.choices.refresh if refresh is None else refresh
    channel = Channel(compiler.timing, wanted)
    for number, run in enumerate(all_runs(compiler, tokens, start, prompt)):
        if run.unit == "read":
            for _ in range(run.rows):
                channel.stretch(run.columns, number)
        elif run.in_memory:
            column = "MAC" if run.unit == "mac" else "WR"
            for _ in range(run.rows):
                channel.row(column, run.columns, number)
        else:
            channel.occupy("LINK" if run.unit == "link" else "ASIC", run.columns, number)
    return Simulated(tuple(channel.log), channel.end())


def all_runs(compiler: Compiler, tokens: int, start: int = 0, prompt: int = 0) -> Iterator[Run]:
    """The runs of all tokens and layers in order; a token of the prompt ends with its layers."""
    for context in range(start + 1, start + prompt + tokens + 1):
        layer, after = compiler.token(context)
        for _ in range(compiler.shape.layers):
            yield from layer
        if context > start + prompt:
            yield from after
