"""Measured runs as a table: one optimizer step a row, and which rows a fit may see."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from engine.core.errors import BadInput
from engine.labs.memory_hardware.offload.plan import Plan

FIELD = "runs"
COLUMNS = ("dir", "model", "cpu_ratio", "subgroup", "prefetch", "opt_gaps", "step_ms",
           "rank0_numel")  # fmt: skip
MOST_ROWS = 100_000
_CONDITION = re.compile(r"([A-Za-z_]\w*)\s*=\s*(.+)")


@dataclass(frozen=True)
class Run:
    """One row: where it was measured, what was updated and how, and the seconds it took."""

    place: str
    model: str
    plan: Plan
    seconds: float
    row: dict[str, str]


def read_runs(text: str) -> list[Run]:
    """The rows of a CSV; raises BadInput("runs") naming the line and the column."""
    reader = csv.DictReader(StringIO(text))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise BadInput(FIELD, f"the columns {', '.join(missing)} are missing")
    found: list[Run] = []
    for row in reader:
        if len(found) >= MOST_ROWS:
            raise BadInput(FIELD, f"at most {MOST_ROWS:,} rows are read")
        found.append(_run(row, reader.line_num))
    if not found:
        raise BadInput(FIELD, "there is no row")
    return found


def chosen(runs: Sequence[Run], condition: str) -> list[Run]:
    """The rows for which ``"column=value"`` holds (several joined by commas); raises BadInput."""
    kept = list(runs)
    for part in condition.split(","):
        match = _CONDITION.fullmatch(part.strip())
        if match is None:
            raise BadInput("fit", f"looks like column=value (got {part[:40]!r})")
        name, value = match[1], match[2].strip()
        if runs and name not in runs[0].row:
            raise BadInput("fit", f"there is no column {name[:40]!r}")
        kept = [run for run in kept if run.row[name] == value]
    if not kept:
        raise BadInput("fit", f"no row has {condition[:80]}")
    return kept


def _run(row: dict[str, str], line: int) -> Run:
    stride = int(_number(row, "opt_gaps", line, empty=0.0))
    interleaved = _number(row, "prefetch", line, empty=0.0) > 0
    try:
        plan = Plan(
            _number(row, "rank0_numel", line),
            _number(row, "subgroup", line),
            _number(row, "cpu_ratio", line),
            stride if interleaved else 0,
        )
    except BadInput as error:
        reason = error.reason if error.field == FIELD else f"{error.field} {error.reason}"
        prefix = "" if error.field == FIELD else f"line {line}: "
        raise BadInput(FIELD, f"{prefix}{reason}") from None
    return Run(row["dir"], row["model"], plan, _number(row, "step_ms", line) / 1000, row)


def _number(row: dict[str, str], name: str, line: int, empty: float | None = None) -> float:
    text = (row.get(name) or "").strip()
    if not text and empty is not None:
        return empty
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise BadInput(FIELD, f"line {line}: {name} must be a number from 0 on (got {text[:20]!r})")
    return value
