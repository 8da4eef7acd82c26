"""DRAMsim3's trace language: ``0x1F00 READ 120``, one request a line.

A hexadecimal byte address, READ or WRITE, and the earliest cycle at which it may enter the
controller.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.core.errors import BadInput
from engine.labs.memory_hardware.trace.lines import FIELD, lines_of

LAST_CYCLE = 1_000_000_000
_ADDRESS = re.compile(r"(0[xX])?[0-9a-fA-F]{1,16}")
_CYCLE = re.compile(r"[0-9]{1,15}")


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
    kind and a cycle of at most 1,000,000,000; for too many lines; for a trace without requests.
    """
    found = []
    for number, line in enumerate(lines_of(text), start=1):
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
        if not _CYCLE.fullmatch(cycle) or int(cycle) > LAST_CYCLE:
            raise BadInput(FIELD, f"line {number}: the cycle must be a whole number from 0 to "
                           f"{LAST_CYCLE:,} (got {cycle[:20]!r})")  # fmt: skip
        found.append(Access(int(address, 16), kind == "WRITE", int(cycle), number))
    if not found:
        raise BadInput(FIELD, "the trace holds no request")
    return found
