"""A command as a replay issued it, and what it had waited for."""

from __future__ import annotations

from typing import NamedTuple

# Why a command came when it did, where no timing rule held it: it was asked for only then, or
# another command had the turn, as one is issued a cycle and queues have an order.
ARRIVAL, TURN = "arrival", "turn"


class Issued(NamedTuple):
    """``because`` is the binding constraint: a rule such as "tRCD", "arrival" or "turn".

    A rule bound the command when the command came in the first cycle that the rule allowed;
    ``since`` is then the cycle of the command that the rule counts from, else -1. ``bank`` is -1
    for a command to all banks, ``row`` where the command has none. ``line`` is the line of the
    trace that asked for it, 0 for a refresh.
    """

    cycle: int
    command: str
    bank: int
    row: int
    because: str
    since: int
    line: int


def binding(ready: tuple[int, str, int], cycle: int, arrived: int) -> tuple[str, int]:
    """What decided the cycle of a command.

    ``ready``: the first cycle that the rules allow, the rule, and where it counts from;
    ``arrived``: the first cycle in which the request could have been served.
    """
    first, rule, since = ready
    if rule and first == cycle and first > arrived:
        return rule, since
    return (ARRIVAL if arrived == cycle else TURN), -1
