"""Published figures beside which the bench puts its own, each with its place (published.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

Mark = Literal["paper", "transcriptions", "transcription"]
MARKS: dict[Mark, str] = {
    "paper": "read in the paper",
    "transcriptions": "via transcriptions, not read in the paper",
    "transcription": "via one transcription, not read in the paper",
}
DATASET = "MuSiQue"
# This lab's ablations as the paper's table 5 calls them; the whole is its ColBERTv2 row.
HIPPORAG_ROWS = {
    "whole": "HippoRAG (ColBERTv2)",
    "no specificity": "HippoRAG, no node specificity",
    "no synonyms": "HippoRAG, no synonym edges",
    "seeds only": "HippoRAG, query nodes only",
    "neighbours": "HippoRAG, query nodes and neighbours",
}


@dataclass(frozen=True)
class Table:
    """One published table: ``rows`` maps a name to its figures by data set, then by measure."""

    name: str
    title: str
    source: str
    url: str
    mark: Mark
    datasets: tuple[str, ...]
    measures: tuple[str, ...]
    rows: Mapping[str, tuple[tuple[float, ...], ...]]

    def figure(self, row: str, dataset: str, measure: str) -> float | None:
        """The figure as printed; None where the table has none."""
        if row not in self.rows or dataset not in self.datasets or measure not in self.measures:
            return None
        return self.rows[row][self.datasets.index(dataset)][self.measures.index(measure)]

    def records(self) -> list[dict[str, str | float]]:
        """A row for each name, a column for each data set and measure."""
        return [
            {
                "": row,
                **{
                    f"{dataset}, {measure}": self.rows[row][i][j]
                    for i, dataset in enumerate(self.datasets)
                    for j, measure in enumerate(self.measures)
                },
            }
            for row in self.rows
        ]


@cache
def tables() -> Mapping[str, Table]:
    """Every table by name, in file order."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return {name: _table(name, entry) for name, entry in tomllib.loads(text).items()}


def ablations(measure: str) -> dict[str, float]:
    """The paper's MuSiQue figures for this lab's ablations of HippoRAG; empty for other measures.

    Printed are recall@2 and recall@5.
    """
    table = tables()["hipporag"]
    found = {ours: table.figure(row, DATASET, measure) for ours, row in HIPPORAG_ROWS.items()}
    return {ours: figure for ours, figure in found.items() if figure is not None}


def corpus_passages() -> int:
    """Passages of the corpus behind the paper's MuSiQue columns."""
    return int(tables()["hipporag_passages"].rows["corpus"][0][0])


def _table(name: str, entry: Mapping[str, object]) -> Table:
    mark = entry["mark"]
    if mark not in get_args(Mark):
        raise ValueError(f"{name}: no mark {mark!r}")
    rows = entry["rows"]
    assert isinstance(rows, dict)
    return Table(
        name=name,
        title=str(entry["title"]),
        source=str(entry["source"]),
        url=str(entry["url"]),
        mark=mark,  # type: ignore[arg-type]
        datasets=tuple(entry["datasets"]),  # type: ignore[arg-type]
        measures=tuple(entry["measures"]),  # type: ignore[arg-type]
        rows={
            row: tuple(tuple(float(x) for x in own) for own in figures)
            for row, figures in rows.items()
        },
    )
