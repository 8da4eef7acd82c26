"""DRAMsim3's trace language: ``0x1F00 READ 120``, one request a line.

A hexadecimal byte address, READ or WRITE, and the earliest cycle at which it may enter the
controller.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.core.errors import BadInput

FIELD = "trace"
MOST_LINES = 2_000_000
_ADDRESS = re.compile(r"(0[xX])?[0-9a-fA-F]{1,16}")
_CYCLE = re.compile(r"\d{1,15}")


@dataclass(frozen=True, slots=True)
class Access:
    """One request: byte address, kind, earliest cycle, line of the file."""

    address: int
    write: bool
    cycle: int
    line: int


def parse_dramsim3(text: str) -> list[Access]:
    """The requests of a trace in their order.

    Raises BadInput("trace") with the number of the line for anything but three words of the right
    kind, for more than 2,000,000 lines, and for a trace without requests.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if number > MOST_LINES:
            raise BadInput(FIELD, f"at most {MOST_LINES:,} lines are read")
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3:
            raise BadInput(FIELD, f"line {number}: address, READ or WRITE, and cycle are required "
                           f"(got {len(words)} words)")  # fmt: skip
        address, kind, cycle = words
        if not _ADDRESS.fullmatch(address):
            raise BadInput(FIELD, f"line {number}: {address[:20]!r} is no hexadecimal address")
        if kind not in ("READ", "WRITE"):
            raise BadInput(FIELD, f"line {number}: {kind[:20]!r} is neither READ nor WRITE")
        if not _CYCLE.fullmatch(cycle):
            raise BadInput(FIELD, f"line {number}: {cycle[:20]!r} is no cycle from 0 on")
        found.append(Access(int(address, 16), kind == "WRITE", int(cycle), number))
    if not found:
        raise BadInput(FIELD, "the trace holds no request")
    return found
