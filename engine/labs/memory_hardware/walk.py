"""One token's runs with their places in time: where the microscope looks."""

from __future__ import annotations

from dataclasses import dataclass

from engine.labs.memory_hardware.pieces import token_pieces, token_runs
from engine.labs.memory_hardware.program import Run
from engine.labs.memory_hardware.schedule import Schedule

AFTER = -1  # the layer of what follows the last one


@dataclass(frozen=True, slots=True)
class Placed:
    """A run of a token: cycles from its start to its end, with ``refreshes`` in between.

    ``layer`` is AFTER for what follows the last layer; ``number`` counts runs within the token.
    """

    run: Run
    number: int
    layer: int
    start: int
    end: int
    refreshes: int

    @property
    def cycles(self) -> int:
        """How long it takes."""
        return self.end - self.start


def place_runs(plan: Schedule, token: int) -> list[Placed]:
    """The runs of token number ``token`` (from 0, those of the prompt first), in order."""
    layer, after = token_runs(plan, token)
    layers = plan.compiler.shape.layers
    runs = layer * layers + after
    starts: dict[int, int] = {}
    refreshes = dict.fromkeys(range(len(runs)), 0)
    for piece in token_pieces(plan, token, runs):
        starts.setdefault(piece.number, piece.start)
        refreshes[piece.number] += piece.kind == "REF"
    numbers = list(starts)  # a run without a row takes no time and has no piece
    ends = [*(starts[number] for number in numbers[1:]), int(plan.ends[token + 1])]
    return [
        Placed(
            runs[number],
            number,
            number // len(layer) if number < layers * len(layer) else AFTER,
            starts[number],
            end,
            refreshes[number],
        )
        for number, end in zip(numbers, ends, strict=True)
    ]
