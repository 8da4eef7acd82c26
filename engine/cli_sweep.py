"""``python -m engine sweep LAB EXPERIMENT --vary field=a,b,c``: many runs, one table."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli_fields import config_from_options, field_options, values_from_text
from engine.core.errors import BadInput
from engine.core.registry import get_lab

if TYPE_CHECKING:
    from engine.runtime.sweep import Row

USAGE = "LAB EXPERIMENT --vary field=a,b,c [--vary ...] [--field value ...] [--json]"
SHOWN_METRICS = 6

Progress = Callable[[float, float, Mapping[str, float]], None]


def run_sweep(prog: str, words: Sequence[str], progress: Progress) -> dict[str, Any]:
    """The answer to the command line after ``sweep``; raises BadInput, NotFound, LimitExceeded.

    Runs that fail are rows that say so, and no error of the command.
    """
    if len(words) < 2 or words[0].startswith("-") or words[1].startswith("-"):
        raise BadInput("sweep", f"usage: {prog} {USAGE}")
    lab = get_lab(words[0])
    experiment = lab.experiment(words[1])
    options = field_options(f"{prog} {lab.name} {experiment.name}", experiment)
    table = options.add_argument_group("sweep")
    table.add_argument(
        "--vary", action="append", default=[], metavar="FIELD=A,B,C",
        help="values of a field, as a JSON list where they hold commas; give it once per field",
    )  # fmt: skip
    table.add_argument(
        "--at-once", metavar="N", help="runs that may wait at once; default: those of one visitor"
    )
    table.add_argument("--out", metavar="FILE.csv", help="write the table there, too")
    given = vars(options.parse_args(words[2:]))
    vary = dict(values_from_text(experiment.config, text) for text in given["vary"])
    if not vary:
        raise BadInput("--vary", "at least one field=a,b,c is required")
    base = config_from_options(experiment.config, given).changed()

    from engine.runtime.runner import build_runner
    from engine.runtime.sweep import sweep

    runner = build_runner(_at_once(given["at_once"]))
    try:
        rows = sweep(lab.name, experiment.name, vary, base, runner=runner, progress=progress)
    finally:
        runner.stop()
    answer = {
        "lab": lab.name,
        "experiment": experiment.name,
        "version": experiment.version,
        "vary": vary,
        "config": base,
        "done": sum(row.state == "done" for row in rows),
        "rows": [_told(row) for row in rows],
    }
    if given["out"]:
        _write(Path(given["out"]), list(vary), rows)
        answer["files"] = [given["out"]]
    return answer


def print_table(answer: Mapping[str, Any]) -> None:
    """The rows for people: what was varied, the first metrics, and what went wrong."""
    rows = answer["rows"]
    metrics = _names(row["metrics"] for row in rows)[:SHOWN_METRICS]
    lines = [[*answer["vary"], "state", *metrics]]
    for row in rows:
        measured = [_short(row["metrics"].get(name)) for name in metrics]
        lines.append([*map(_short, row["values"].values()), row["state"], *measured])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line, row in zip(lines, [None, *rows], strict=True):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(f"{cells}  {row['error'] if row else ''}".rstrip())
    print(f"{answer['done']} of {len(rows)} done")
    for path in answer.get("files", ()):
        print(f"written: {path}")


def _told(row: Row) -> dict[str, Any]:
    return {
        "values": row.values,
        "digest": row.digest,
        "state": row.state,
        "found": row.found,
        "where": row.where,
        "seconds": row.seconds,
        "metrics": row.metrics,
        "error": row.error,
    }


def _write(path: Path, varied: Sequence[str], rows: Sequence[Row]) -> None:
    metrics = _names(row.metrics for row in rows)
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*varied, "digest", "state", "seconds", *metrics, "error"])
            for row in rows:
                measured = [row.metrics.get(name) for name in metrics]
                writer.writerow(
                    [*row.values.values(), row.digest, row.state, row.seconds, *measured, row.error]
                )
    except OSError as error:
        raise BadInput(
            "--out", f"{str(path)[:200]!r} cannot be written ({error.strerror})"
        ) from None


def _names(tables: Any) -> list[str]:
    return list(dict.fromkeys(name for table in tables for name in table))


def _short(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.5g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 32 else f"{text[:29]}..."


def _at_once(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise BadInput(
            "--at-once", f"a whole number from 1 to 10,000 is required (got {text[:20]!r})"
        )
    return int(text)
