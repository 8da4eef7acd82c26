"""The lines of a trace, and which simulator's language they are in."""

from __future__ import annotations

import re
from typing import Literal

from engine.core.errors import BadInput

FIELD = "trace"
MOST_LINES = 250_000
Dialect = Literal["aim", "dramsim3"]
_AIM = re.compile(r"(AiM|[RW])[\s,]")
_REQUEST = re.compile(r"(0[xX])?[0-9a-fA-F]+\s+\S")


def lines_of(text: str) -> list[str]:
    """The lines; raises BadInput("trace") for more than 250,000, before any is read."""
    found = text.split("\n")
    if found[-1] == "":
        found.pop()
    if len(found) > MOST_LINES:
        raise BadInput(FIELD, f"at most {MOST_LINES:,} lines are run (got {len(found):,})")
    return found


def guess_dialect(text: str) -> Dialect:
    """The language of the first line that is no comment; raises BadInput("trace")."""
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.strip(" \t,")
        if not words or words.startswith("#"):
            continue
        if _AIM.match(words):
            return "aim"
        if _REQUEST.match(words):
            return "dramsim3"
        raise BadInput(FIELD, f"line {number}: {words[:30]!r} is neither an AiM instruction such "
                       "as 'AiM EOC' nor a request such as '0x100 READ 0'")  # fmt: skip
    raise BadInput(FIELD, "the trace has no line but comments")
