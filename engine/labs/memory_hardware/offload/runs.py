"""Measured runs as a table: one configuration a row, and which rows a fit may see."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from engine.core.errors import BadInput
from engine.labs.memory_hardware.offload.plan import MOST_SUBGROUPS, Plan
from engine.labs.memory_hardware.offload.work import Work

FIELD = "runs"
COLUMNS = ("dir", "model", "cpu_ratio", "subgroup", "prefetch", "opt_gaps", "step_ms",
           "rank0_numel")  # fmt: skip
# With these a row also tells how long forward, backward and the whole iteration took.
LOGGED = ("fwd_ms", "bwd_ms", "iter_ms", "num_elems_B", "seqlen", "gbs", "dp",
          "flush_async")  # fmt: skip
MOST_ROWS = 5_000
MOST_MS = 1e8
FEWEST = 3  # rows of a fit
LONGEST = 200
_CONDITION = re.compile(r"([A-Za-z_]\w*)\s*=\s*(.+)")


@dataclass(frozen=True)
class Logged:
    """Seconds of the other phases of an iteration, and the work that they did."""

    forward: float
    backward: float
    iteration: float
    work: Work


@dataclass(frozen=True)
class Run:
    """One row: where it was measured, what was updated and how, and the seconds the step took."""

    place: str
    model: str
    plan: Plan
    seconds: float
    row: dict[str, str]
    logged: Logged | None = None


def read_runs(text: str, field: str = FIELD) -> list[Run]:
    """The rows of a CSV; raises BadInput(``field``) naming the line and the column."""
    reader = csv.DictReader(StringIO(text), strict=True)
    found: list[Run] = []
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise BadInput(field, f"line 1: the columns {', '.join(missing)} are missing")
        names = list(reader.fieldnames or ())
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadInput(field, f"line 1: the column {twice[0][:40]!r} is there twice")
        for line, row in _rows(reader, field):
            found.append(_run(row, line, field))
    except csv.Error as error:
        raise BadInput(field, f"line {reader.line_num + 1}: {error}") from None
    if not found:
        raise BadInput(field, "there is no row below the names of the columns")
    return found


def _rows(reader: csv.DictReader[str], field: str) -> Iterator[tuple[int, dict[str, str]]]:
    for count, row in enumerate(reader):
        line = reader.line_num
        if count >= MOST_ROWS:
            raise BadInput(field, f"line {line}: at most {MOST_ROWS:,} rows are read")
        # csv keeps what is too much under None, and gives None to what is missing.
        if None in row or None in row.values():
            wanted = len(reader.fieldnames or ())
            raise BadInput(field, f"line {line}: has not as many values as line 1 has columns "
                           f"({wanted})")  # fmt: skip
        if long := next((name for name, value in row.items() if len(value) > LONGEST), None):
            raise BadInput(field, f"line {line}: {long[:40]} has more than {LONGEST} characters")
        yield line, row


def chosen(runs: Sequence[Run], condition: str, field: str = "fit") -> list[Run]:
    """The rows for which ``"column=value"`` holds (several joined by commas); raises BadInput."""
    kept = list(runs)
    for part in condition.split(","):
        match = _CONDITION.fullmatch(part.strip())
        if match is None:
            raise BadInput(field, f"looks like column=value (got {part[:40]!r})")
        name, value = match[1], match[2].strip()
        if runs and name not in runs[0].row:
            raise BadInput(field, f"there is no column {name[:40]!r}")
        kept = [run for run in kept if run.row[name] == value]
    if not kept:
        raise BadInput(field, f"no row has {condition[:80]}")
    return kept


def rows_to_see(runs: Sequence[Run], condition: str) -> list[Run]:
    """All rows, or those of a condition; raises BadInput("seen") for fewer than a fit needs."""
    seen = chosen(runs, condition, "seen") if condition.strip() else list(runs)
    if len(seen) < FEWEST:
        raise BadInput("seen", f"three rates need at least {FEWEST} rows (got {len(seen)})")
    return seen


class _Row:
    """One line, and the sentence for a value that cannot be used."""

    def __init__(self, row: dict[str, str], line: int, field: str):
        self.row, self.line, self.field = row, line, field

    def number(self, name: str, low: float, high: float, empty: float | None = None) -> float:
        text = self.row.get(name, "").strip()
        if not text and empty is not None:
            return empty
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise BadInput(self.field, f"line {self.line}: {name} must be a number from {low:g} to "
                           f"{high:g} (got {text[:20]!r})")  # fmt: skip
        return value

    def whole(self, name: str, low: int, high: int, empty: int | None = None) -> int:
        value = self.number(name, low, high, empty)
        if value != int(value):
            raise BadInput(self.field, f"line {self.line}: {name} must be a whole number "
                           f"(got {value:g})")  # fmt: skip
        return int(value)


def _run(cells: dict[str, str], line: int, field: str) -> Run:
    row = _Row(cells, line, field)
    stride = row.whole("opt_gaps", 0, MOST_SUBGROUPS, empty=0)
    interleaved = row.whole("prefetch", 0, 1, empty=0)
    late = row.whole("flush_async", 0, 1, empty=0)
    try:
        plan = Plan(
            row.number("rank0_numel", 1, 1e13),
            row.number("subgroup", 1, 1e13),
            row.number("cpu_ratio", 0, 1),
            stride if interleaved else 0,
            flush="async" if late else "blocking",
            subgroups=row.whole("rank0_subgroups", 1, MOST_SUBGROUPS, empty=0),
        )
    except BadInput as error:
        if error.field == field:
            raise
        raise BadInput(field, f"line {line}: {error.field} {error.reason}") from None
    seconds = row.number("step_ms", 1e-3, MOST_MS) / 1000
    return Run(cells["dir"], cells["model"], plan, seconds, cells, _logged(row))


def _logged(row: _Row) -> Logged | None:
    if not all(row.row.get(name, "").strip() for name in LOGGED):
        return None
    ranks = row.whole("dp", 1, 100_000)
    tokens = row.number("seqlen", 1, 1e9) * row.number("gbs", 1, 1e9) / ranks
    parameters = 1e9 * row.number("num_elems_B", 1e-6, 1e4) / row.whole("tp", 1, 100_000, empty=1)
    forward, backward, iteration = (
        row.number(name, 1e-3, MOST_MS) / 1000 for name in ("fwd_ms", "bwd_ms", "iter_ms")
    )
    return Logged(forward, backward, iteration, Work(parameters, tokens))
