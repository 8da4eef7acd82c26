"""The table of a story: what is done, where, for how long, how, and how often."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from engine.core.digest import digest_bytes
from engine.core.errors import BadInput

FIELD = "rows"
MOST_ROWS = 20
MOST_SECONDS = 60.0  # of one row, all its repetitions together
MOST_TIMES = 20
MOST_TAKE = 9999
MOST_ACTION, MOST_NAME = 200, 40
MOST_KEPT = 4000


@dataclass(frozen=True)
class Row:
    """One row.

    ``action`` is the text that clips are looked for with, or that a model is given; ``place`` is a
    name of the floor plan or a shape to walk, "" for where the body stands. ``seconds`` 0 is as
    long as the clip is, or as the way takes. ``take`` is another try of this row alone; ``kept``
    names what an earlier run played here, so that it is played again.
    """

    action: str
    place: str = ""
    seconds: float = 0.0
    manner: str = ""
    times: int = 1
    take: int = 0
    kept: str = ""

    @property
    def text(self) -> str:
        """The action with its manner."""
        return f"{self.action} {self.manner}".strip()


COLUMNS = tuple(field.name for field in fields(Row))


def check_row(row: Row, number: int) -> Row:
    """The row with its texts trimmed; raises BadInput naming the row and the column."""
    where = f"row {number}"
    action, place, manner = row.action.strip(), row.place.strip().lower(), row.manner.strip()
    if not action:
        raise BadInput(FIELD, f"{where}: the action must have at least one word")
    if len(action) > MOST_ACTION:
        raise BadInput(FIELD, f"{where}: the action has at most {MOST_ACTION} characters")
    if len(place) > MOST_NAME or len(manner) > MOST_NAME:
        raise BadInput(FIELD, f"{where}: place and manner have at most {MOST_NAME} characters")
    if not math.isfinite(row.seconds) or not 0 <= row.seconds <= MOST_SECONDS:
        raise BadInput(
            FIELD, f"{where}: seconds must be from 0 to {MOST_SECONDS:g} (got {row.seconds:g})"
        )
    if not 1 <= row.times <= MOST_TIMES:
        raise BadInput(FIELD, f"{where}: times must be from 1 to {MOST_TIMES} (got {row.times})")
    if not 0 <= row.take <= MOST_TAKE:
        raise BadInput(FIELD, f"{where}: take must be from 0 to {MOST_TAKE} (got {row.take})")
    if len(row.kept) > MOST_KEPT:
        raise BadInput(FIELD, f"{where}: what is kept has at most {MOST_KEPT:,} characters")
    return replace(row, action=action, place=place, manner=manner)


def check_rows(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Every row checked, 1 to 20 of them; raises BadInput."""
    if not 1 <= len(rows) <= MOST_ROWS:
        raise BadInput(FIELD, f"a table has 1 to {MOST_ROWS} rows (got {len(rows)})")
    return tuple(check_row(row, number) for number, row in enumerate(rows, start=1))


def write_table(rows: Sequence[Row], story: str) -> str:
    """An edited table as a setting: JSON, with the address of the story that it belongs to."""
    plain = Row("")
    listed = [
        {name: value for name, value in asdict(row).items() if value != getattr(plain, name)}
        for row in rows
    ]
    return json.dumps({"of": address(story), "rows": listed}, separators=(",", ":"))


def read_table(table: str, story: str) -> tuple[Row, ...] | None:
    """The rows of ``write_table``, None where there are none or they belong to another story.

    Raises BadInput: not JSON, columns that do not exist, values out of range.
    """
    if not table.strip():
        return None
    try:
        given = json.loads(table)
    except (ValueError, RecursionError):
        raise BadInput(FIELD, "the table is not JSON") from None
    listed = given.get("rows") if isinstance(given, dict) else None
    if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
        raise BadInput(FIELD, 'the table must be {"of": ..., "rows": [{...}]}')
    rows = check_rows([_row(row, number) for number, row in enumerate(listed, start=1)])
    return rows if given.get("of") == address(story) else None


def address(story: str) -> str:
    """What tells one story from another."""
    return digest_bytes(story.encode("utf-8", "replace"))


def _row(given: dict[str, Any], number: int) -> Row:
    odd = sorted(set(given) - set(COLUMNS))
    if odd:
        raise BadInput(FIELD, f"row {number}: there is no column {odd[0][:40]!r}")
    for name in ("action", "place", "manner", "kept"):
        if not isinstance(given.get(name, ""), str):
            raise BadInput(FIELD, f"row {number}: {name} must be a text")
    for name in ("times", "take"):
        if type(given.get(name, 1)) is not int:
            raise BadInput(FIELD, f"row {number}: {name} must be a whole number")
    seconds = given.get("seconds", 0.0)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise BadInput(FIELD, f"row {number}: seconds must be a number")
    return Row(**{"action": "", **given, "seconds": float(seconds)})
