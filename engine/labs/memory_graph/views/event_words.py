"""Tokens, events and passages of a stream as words."""

from __future__ import annotations

import numpy as np

from engine.core.result import Result
from engine.labs.memory_graph.living.events import blocks
from engine.labs.memory_graph.living.recut import Cut

SHORT = 90


def token_text(result: Result, token: int) -> str:
    """A token as it stands in the text, with its blanks."""
    start, end = result.array("span")[token].tolist()
    return result.notes["text"][start:end]


def event_text(result: Result, start: int, end: int) -> str:
    """The text from token ``start`` to before token ``end``."""
    spans = result.array("span")
    return result.notes["text"][int(spans[start, 0]) : int(spans[end - 1, 1])].strip()


def shortened(text: str, most: int = SHORT) -> str:
    """One line of at most ``most`` letters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def event_at(opening: np.ndarray, token: int, length: int) -> tuple[int, int, int]:
    """The number of the event that holds ``token``, and its token range."""
    number = int(np.searchsorted(opening, token, side="right"))
    start, end = blocks(opening, length)[number]
    return number, start, end


def place_name(result: Result, token: int) -> str:
    """The passage of a token: its title and date."""
    title, when = result.notes["pieces"][int(result.array("piece")[token])]
    return " ".join(part for part in (title, f"({when})" if when else "") if part) or "untitled"


def describe_event(result: Result, cut: Cut, start: int, *, moved: bool) -> str:
    """Why an event opens where it does, with the numbers of its first token.

    ``moved``: the boundaries drawn are refined ones, and may lie where nothing surprised.
    """
    nats = float(result.array("surprise")[start])
    level, word = float(cut.level[start]), shortened(token_text(result, start), 24)
    numbers = f"{cut.mean[start]:.2f} + {cut.gamma:g} × {cut.std[start]:.2f} = {level:.2f} nat"
    if start == 0:
        return "The stream begins here."
    if nats > level:
        return f"Opens at token {start} “{word}”: {nats:.2f} nat, above {numbers}."
    because = (
        "refinement put the boundary there"
        if moved
        else "cut there because the event before would be longer than 128 tokens"
    )
    return f"Opens at token {start} “{word}”: {nats:.2f} nat, below {numbers}; {because}."
