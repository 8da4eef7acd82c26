"""Measured runs as a table: one configuration a row, and which rows a fit may see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.core.errors import BadInput
from engine.labs.memory_hardware.offload.cells import Cells, read_rows
from engine.labs.memory_hardware.offload.plan import MOST_SUBGROUPS, Plan
from engine.labs.memory_hardware.offload.work import Work

FIELD = "runs"
COLUMNS = ("dir", "model", "cpu_ratio", "subgroup", "prefetch", "opt_gaps", "step_ms",
           "rank0_numel")  # fmt: skip
# With these a row also tells how long forward, backward and the whole iteration took.
LOGGED = ("fwd_ms", "bwd_ms", "iter_ms", "num_elems_B", "seqlen", "gbs", "dp",
          "flush_async")  # fmt: skip
MOST_MS = 1e8
FEWEST = 3  # rows of a fit
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
    found = [_run(row, line, field) for line, row in read_rows(text, COLUMNS, field)]
    if not found:
        raise BadInput(field, "there is no row below the names of the columns")
    return found


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


def _run(cells: dict[str, str], line: int, field: str) -> Run:
    row = Cells(cells, line, field)
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


def _logged(row: Cells) -> Logged | None:
    if not all(row.row.get(name, "").strip() for name in LOGGED):
        return None
    ranks = row.whole("dp", 1, 100_000)
    tokens = row.number("seqlen", 1, 1e9) * row.number("gbs", 1, 1e9) / ranks
    parameters = 1e9 * row.number("num_elems_B", 1e-6, 1e4) / row.whole("tp", 1, 100_000, empty=1)
    forward, backward, iteration = (
        row.number(name, 1e-3, MOST_MS) / 1000 for name in ("fwd_ms", "bwd_ms", "iter_ms")
    )
    return Logged(forward, backward, iteration, Work(parameters, tokens))
