"""Dates as people and programs write them, as ISO dates."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = rf"(?P<month>{'|'.join(MONTHS)})[a-z]{{0,6}}\.?"
YEAR_FIRST = re.compile(r"(?<!\d)(?P<year>\d{4})(?P<s>[-/.])(?P<month>\d\d?)(?P=s)(?P<day>\d\d?)")
# "1:56 pm on 8 May, 2023" is how LoCoMo dates its sessions.
DAY_FIRST = re.compile(rf"\b(?P<day>\d\d?)(?:st|nd|rd|th)? {MONTH},? (?P<year>\d{{4}})\b", re.I)
MONTH_FIRST = re.compile(rf"\b{MONTH} (?P<day>\d\d?)(?:st|nd|rd|th)?,? (?P<year>\d{{4}})\b", re.I)
NUMBER = re.compile(r"\d{9,16}(\.\d{0,9})?")
LONGEST = 100
# A larger number counts milliseconds: in seconds it lies in the year 5138.
MILLISECONDS = 1e11
# A smaller number is a count of something else; as seconds it lies in early 1973.
LEAST_SECONDS = 1e8


def iso_date(value: Any) -> str | None:
    """The day of ``value`` as "2024-05-31" (in its own time zone); None where it names none.

    Understood: ISO dates and times, 2024/5/31, "8 May, 2023", "May 8, 2023", each with words
    around them, and Unix times in seconds or milliseconds (UTC).
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_seconds(value)
    if not isinstance(value, str) or len(value) > LONGEST:
        return None
    text = value.strip()
    if NUMBER.fullmatch(text):
        return _from_seconds(float(text))
    for pattern in (YEAR_FIRST, DAY_FIRST, MONTH_FIRST):
        match = pattern.search(text)
        if match:
            return _from_parts(match["year"], match["month"], match["day"])
    return None


def _from_parts(year: str, month: str, day: str) -> str | None:
    number = int(month) if month.isdigit() else MONTHS.index(month.lower()) + 1
    try:
        return date(int(year), number, int(day)).isoformat()
    except ValueError:
        return None


def _from_seconds(value: float) -> str | None:
    try:
        seconds = value / 1000 if abs(value) >= MILLISECONDS else value
        if not abs(seconds) >= LEAST_SECONDS:
            return None
        return datetime.fromtimestamp(seconds, tz=UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return None
