"""Rows of a visitor's CSV, and sentences for cells that cannot be used."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from io import StringIO

from engine.core.errors import BadInput

MOST_ROWS = 5_000
LONGEST = 200


def read_rows(
    text: str, columns: Sequence[str], field: str
) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with its line; raises BadInput(``field``) naming what is missing or malformed."""
    reader = csv.DictReader(StringIO(text), strict=True)
    try:
        names = list(reader.fieldnames or ())
        if missing := [name for name in columns if name not in names]:
            raise BadInput(field, f"line 1: the columns {', '.join(missing)} are missing")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadInput(field, f"line 1: the column {twice[0][:40]!r} is there twice")
        yield from _rows(reader, field)
    except csv.Error as error:
        raise BadInput(field, f"line {reader.line_num + 1}: {error}") from None


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


class Cells:
    """One line, and the sentence for a value that cannot be used."""

    def __init__(self, row: dict[str, str], line: int, field: str):
        self.row, self.line, self.field = row, line, field

    def number(self, name: str, low: float, high: float, empty: float | None = None) -> float:
        """A finite number in its bounds, or ``empty`` where nothing is written; raises BadInput."""
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
        """As ``number``, without a fraction."""
        value = self.number(name, low, high, empty)
        if value != int(value):
            raise BadInput(self.field, f"line {self.line}: {name} must be a whole number "
                           f"(got {value:g})")  # fmt: skip
        return int(value)
