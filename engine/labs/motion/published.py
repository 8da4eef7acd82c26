"""Tables of the papers that the lab's models follow, each with its place (published.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

Mark = Literal["paper", "paper-2nd"]
MARKS: dict[Mark, str] = {
    "paper": "read in the paper",
    "paper-2nd": "via a third party's copy",
}


@dataclass(frozen=True)
class Table:
    """One published table: ``rows`` maps a name to its figures in the order of ``columns``.

    A figure that was not printed is NaN. ``note`` tells of its intervals and stars.
    """

    title: str
    source: str
    url: str
    mark: Mark
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[float, ...]]
    note: str

    def figure(self, row: str, column: str) -> float:
        """The figure as printed."""
        return self.rows[row][self.columns.index(column)]


@cache
def tables() -> Mapping[str, Table]:
    """Every table by name, in file order."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return {name: _table(name, entry) for name, entry in tomllib.loads(text).items()}


def _table(name: str, entry: Mapping[str, Any]) -> Table:
    if entry["mark"] not in get_args(Mark):
        raise ValueError(f"{name}: no mark {entry['mark']!r}")
    columns = tuple(entry["columns"])
    for row, figures in entry["rows"].items():
        if len(figures) != len(columns):
            raise ValueError(f"{name}: {row} has {len(figures)} figures for {len(columns)} columns")
    return Table(
        title=entry["title"],
        source=entry["source"],
        url=entry["url"],
        mark=entry["mark"],
        columns=columns,
        rows={row: tuple(map(float, figures)) for row, figures in entry["rows"].items()},
        note=entry["note"],
    )
