"""What others measured and printed, each with its place (measured.toml, published.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
MARKS = {
    "paper": "paper",
    "secondary": "paper, via a third party's note",
}
TOLERANCE = 0.01


@dataclass(frozen=True)
class Table:
    """One published table: ``rows`` maps a name to its figures in the order of ``columns``."""

    title: str
    source: str
    url: str
    mark: str
    rows: Mapping[str, tuple[float, ...]]
    columns: tuple[Any, ...] = ()


@dataclass(frozen=True)
class MeasuredRun:
    """Milliseconds of iterations by mode, and of the phases that were told apart."""

    node: str
    model: str
    billions: float
    ratio: float
    iteration: Mapping[str, float]
    backward: Mapping[str, float] = field(default_factory=dict)
    step: Mapping[str, float] = field(default_factory=dict)


@cache
def table(name: str) -> Table:
    """A published table by its name."""
    entry = _read("published")[name]
    return Table(
        entry["title"],
        entry["source"],
        entry["url"],
        entry["mark"],
        {row: tuple(values) for row, values in entry["rows"].items()},
        tuple(entry.get("columns", entry.get("billions", ()))),
    )


@cache
def measured_runs() -> tuple[MeasuredRun, ...]:
    """Every configuration of which medians are known here."""
    return tuple(MeasuredRun(**entry) for entry in _read("measured")["run"])


def measured_run(
    node: str, billions: float, ratio: float, settings: Mapping[str, int]
) -> MeasuredRun | None:
    """The medians of one configuration, or None; ``settings`` must be those of the logs."""
    if any(settings.get(name) != value for name, value in _read("measured")["settings"].items()):
        return None
    for run in measured_runs():
        near = abs(run.billions / billions - 1) < TOLERANCE and abs(run.ratio - ratio) < TOLERANCE
        if run.node == node and near:
            return run
    return None


def measured_memory() -> Mapping[str, Any]:
    """GB allocated in the phases of one logged iteration."""
    return _read("measured")["memory"]


def fastest_stride(node: str) -> int | None:
    """Of several logged strides of a node that of the shortest steps, or None."""
    return _read("measured")["fastest_stride"].get(node)


def only_stride(node: str) -> int | None:
    """The stride of all interleaved runs of a node's logs, where they have one; else None."""
    return _read("measured")["only_stride"].get(node)


def measured_line() -> Mapping[str, Any]:
    """A line through logged steps over the ratio, and the node and model that it is of."""
    return _read("measured")["line"]


def measured_source() -> tuple[str, str]:
    """Where the runs were logged, and the address."""
    read = _read("measured")
    return read["source"], read["url"]


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
