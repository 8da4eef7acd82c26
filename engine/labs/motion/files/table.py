"""Reading the table that ``csv_text`` writes: a row a frame, three columns a joint."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice

import numpy as np

from engine.core.errors import BadInput
from engine.core.settings import MB
from engine.io.text import read_text
from engine.labs.motion.clip import MOST_FRAMES, Clip, check_body, whole_rate
from engine.labs.motion.skeleton import JOINTS

FIELD = "csv"
LIMIT_BYTES = 100 * MB
TIME = "time_s"
COLUMNS = tuple(f"{joint}_{axis}_m" for joint in JOINTS for axis in "xyz")
LARGEST = 1e7
LEAST_STEP = 1e-9  # seconds
# Of a step: 120 frames a second in whole milliseconds are off by 6 %.
OFF_BEAT = 0.1


def read_csv(source: bytes) -> Clip:
    """The clip of a table with ``time_s`` and the 66 columns in metres, in any order.

    Other columns are let go; times must be at equal distances. Raises BadInput naming the line.
    """
    rows = csv.reader(io.StringIO(read_text(source, limit=LIMIT_BYTES, field=FIELD)))
    try:
        names = [name.strip() for name in next(rows, [])]
        places = _places(names)
        numbers = [
            _row(row, places, len(names), rows.line_num) for row in islice(rows, MOST_FRAMES)
        ]
    except csv.Error as error:
        raise BadInput(FIELD, f"line {rows.line_num}: {error}") from None
    if next(rows, None) is not None:
        raise BadInput(FIELD, f"at most {MOST_FRAMES:,} frames are read")
    if len(numbers) < 2:
        raise BadInput(FIELD, f"must have 2 frames or more, not {len(numbers)}")
    table = np.array(numbers)
    positions = table[:, 1:].reshape(len(table), len(JOINTS), 3).astype(np.float32)
    return check_body(Clip(positions, _rate(table[:, 0])))


def looks_like_table(start: bytes) -> bool:
    """Whether the first line has the column of times."""
    first = re.split(rb"[\r\n]", start.removeprefix(b"\xef\xbb\xbf"), maxsplit=1)[0]
    return TIME.encode() in first


def _places(names: list[str]) -> list[int]:
    lacking = [name for name in (TIME, *COLUMNS) if name not in names]
    if lacking:
        more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
        raise BadInput(FIELD, f"the first line lacks the column {', '.join(lacking[:3])}{more}")
    return [names.index(name) for name in (TIME, *COLUMNS)]


def _row(row: list[str], places: list[int], width: int, number: int) -> list[float]:
    if len(row) != width:
        raise BadInput(FIELD, f"line {number}: {len(row)} values, but {width} columns")
    found = []
    for place in places:
        try:
            value = float(row[place])
        except ValueError:
            value = np.nan
        if not abs(value) < LARGEST:
            raise BadInput(
                FIELD, f"line {number}: {row[place][:20]!r} is not a finite number of metres"
            )
        found.append(value)
    return found


def _rate(times: np.ndarray) -> float:
    step = float(times[-1] - times[0]) / (len(times) - 1)
    even = times[0] + step * np.arange(len(times))
    if not step > LEAST_STEP or np.abs(times - even).max() > OFF_BEAT * step:
        raise BadInput(FIELD, f"{TIME} must rise by equal steps")
    return whole_rate(step)
