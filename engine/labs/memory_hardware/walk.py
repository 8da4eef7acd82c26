"""One token's runs with their places in time: where the microscope looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.labs.memory_hardware.fast import Clock, advance, token_segments
from engine.labs.memory_hardware.program import Compiler, Run

NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Placed:
    """A run of a token: cycles from its start to its end, with ``refreshes`` in between.

    ``layer`` is -1 for what follows the last layer; ``number`` counts runs within the token.
    """

    run: Run
    number: int
    layer: int
    start: int
    end: int
    refreshes: int


def clock_at(
    token: int, token_end: np.ndarray, token_refreshes: np.ndarray, device_cycles: dict[str, int],
    *, refresh: bool = True,
) -> Clock:  # fmt: skip
    """The clock when token number ``token`` (from 0) begins.

    ``token_end`` and ``token_refreshes`` (tokens,) as in ``Totals``: every refresh so far has moved
    what is due by one interval.
    """
    now = int(token_end[token - 1]) if token else 0
    seen = int(token_refreshes[token - 1]) if token else 0
    due = device_cycles["refi"] * (seen + 1) if refresh and device_cycles.get("rfc") else NEVER
    return Clock(now, due)


def place_runs(compiler: Compiler, context: int, clock: Clock) -> list[Placed]:
    """The runs of the token that sees ``context`` tokens; moves the clock to its end."""
    t = compiler.device.cycles()
    layer, after = compiler.token(context)
    runs = layer * compiler.shape.layers + after
    segments = token_segments(compiler, context)
    now = clock.now
    refreshes = advance(segments, clock, t.get("rfc", 0), t.get("refi", NEVER))
    inside = np.zeros(len(runs) + 1, np.int64)
    for one in refreshes:
        inside[one.run] += 1
    before = np.concatenate([[0], np.cumsum(inside[:-1])])
    placed = []
    for number, run in enumerate(runs):
        rfc = t.get("rfc", 0)
        start = now + int(segments.start[number]) + int(before[number]) * rfc
        length = int(segments.rows[number] * segments.row[number]) + int(inside[number]) * rfc
        at = number // len(layer)
        placed.append(
            Placed(
                run,
                number,
                at if at < compiler.shape.layers else -1,
                start,
                start + length,
                int(inside[number]),
            )
        )
    return placed
