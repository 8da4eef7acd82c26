"""Reading over the pins: a stretch of rows in several banks, as one unit of the timeline.

The controller's order: the rows of a set (``together`` banks) are opened, their columns read in
turns, each bank closed after its last column. The next set's rows are opened once the first column
of a set is read, if its banks are others; so opening is hidden behind reading where rows are long
enough. At the end of a stretch all banks are closed, and a refresh may come. Banks of a set follow
each other in groups, so tCCD_S holds between their columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

WINDOW = 4  # activates in tFAW
USED = ("together", "banks", "row_columns", "column", "rcd_rd", "rp", "ras", "rtp", "rrd", "faw",
        "cl", "bl")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Set:
    """Rows of some banks that are read in turns: when each is opened, read first, and closed."""

    banks: tuple[int, ...]
    opened: tuple[int, ...]
    columns: int
    first: tuple[int, ...]
    closed: tuple[int, ...]
    last: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Cycles until the next run may begin, cycles with a row open, rows opened, and the sets."""

    cycles: int
    open_cycles: int
    rows: int
    sets: tuple[Set, ...]


def opens_ahead(t: Mapping[str, int]) -> bool:
    """Whether the next set lies in other banks, so that it can be opened while one is read."""
    return 2 * t["together"] <= t["banks"]


def opened_rows(columns: int, t: Mapping[str, int]) -> int:
    """Rows that ``columns`` columns of a stretch lie in."""
    together = t["together"]
    full, rest = divmod(columns, together * t["row_columns"])
    return full * together + min(rest, together)


def read_stretch(columns: int, t: Mapping[str, int]) -> Stretch:
    """The closed form: set after set, each from the times of those before it."""
    return _read_stretch(columns, tuple(t[name] for name in USED))


@lru_cache(maxsize=4096)
def _read_stretch(columns: int, values: tuple[int, ...]) -> Stretch:
    t = dict(zip(USED, values, strict=True))
    sets: list[Set] = []
    acts: list[int] = []
    free = [0] * t["banks"]
    ahead = opens_ahead(t)
    ready = 0  # of the next column
    for number, (banks, count) in enumerate(_sets(columns, t)):
        begin = 0
        if number:
            begin = sets[-1].first[0] if ahead else sets[-1].closed[-1]
        opened = []
        for bank in banks:
            at = max(begin, free[bank])
            if acts:
                at = max(at, acts[-1] + t["rrd"])
            if len(acts) >= WINDOW:
                at = max(at, acts[-WINDOW] + t["faw"])
            acts.append(at)
            opened.append(at)
        first = []
        for at in opened:
            ready = max(ready, at + t["rcd_rd"])
            first.append(ready)
            ready += t["column"]
        width = len(banks)
        last = first[-1] + (count - width) * t["column"]
        ready = last + t["column"]
        closed = []
        for turn, bank in enumerate(banks):
            # The last column that was this bank's turn.
            behind = (count - turn - 1) // width * width
            end = first[-1] + (behind - width + turn + 1) * t["column"] if behind else first[turn]
            closed.append(max(end + t["rtp"], opened[turn] + t["ras"]))
            free[bank] = closed[-1] + t["rp"]
        sets.append(Set(banks, tuple(opened), count, tuple(first), tuple(closed), last))
    end = max(max(free), sets[-1].last + t["cl"] + t["bl"])
    return Stretch(end, _covered(sets), len(acts), tuple(sets))


def _sets(columns: int, t: Mapping[str, int]) -> Iterator[tuple[tuple[int, ...], int]]:
    """Banks and columns of each set; the first set of every stretch begins at bank 0."""
    together, size = t["together"], t["together"] * t["row_columns"]
    for number in range(-(-columns // size)):
        count = min(size, columns - number * size)
        first = number * together
        yield tuple((first + i) % t["banks"] for i in range(min(together, count))), count


def _covered(sets: list[Set]) -> int:
    """Cycles in which a row is open somewhere."""
    spans = sorted(
        (opened, closed)
        for one in sets
        for opened, closed in zip(one.opened, one.closed, strict=True)
    )
    total = until = 0
    for opened, closed in spans:
        total += max(0, closed - max(opened, until))
        until = max(until, closed)
    return total
