"""How long and how often: numbers with their units, and what is said where they make no sense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.labs.motion.skeleton import FPS
from engine.labs.motion.story.clauses import Token
from engine.labs.motion.story.lexicon import (
    METRES_A_SECOND,
    SECONDS,
    SEVERAL,
    STEP_SECONDS,
    TIMES,
    VAGUE,
)
from engine.labs.motion.story.rows import MOST_SECONDS, MOST_TIMES

STEPS = ("step", "steps", "pace", "paces")
METRES = ("metre", "metres", "meter", "meters", "m")
LEAST_SECONDS = 1 / FPS
LONGEST_SAID = 40  # characters of a number that are repeated


@dataclass
class Amounts:
    """``seconds`` and ``times``, 0 where none is told; ``used`` are the places of the words."""

    seconds: float = 0.0
    times: int = 0
    used: set[int] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)


def read_amounts(tokens: Sequence[Token]) -> Amounts:
    """Times, seconds, steps and metres of a part; of several the last one counts."""
    found = Amounts()
    words = [token.word for token in tokens]
    for i, (token, word) in enumerate(zip(tokens, words, strict=True)):
        before = words[i - 1] if i else ""
        after = words[i + 1] if i + 1 < len(words) else ""
        if word in TIMES:
            found.times = TIMES[word]
            found.used.add(i)
        elif word in VAGUE and before == "a":
            found.seconds = VAGUE[word]
            found.remarks.append(f"'a {word}' is taken as {VAGUE[word]:g} seconds.")
            found.used.add(i)
        elif word in ("a", "an") and after in SECONDS and words[i + 2 : i + 3] != ["time"]:
            _count(found, 1.0, f"{word} {after}", after)
            found.used.add(i + 1)
        elif token.value is not None or word in SEVERAL:
            unit = i + 1 + (word in SEVERAL and after == "of")
            after = words[unit] if unit < len(words) else ""
            number = SEVERAL[word] if token.value is None else token.value
            said = (
                token.said if len(token.said) <= LONGEST_SAID else f"{token.said[:LONGEST_SAID]}…"
            )
            if _count(found, float(number), f"{said} {after}", after):
                found.used |= {i, unit}
                if token.value is None:
                    found.remarks.append(f"'{word}' is taken as {number:g}.")
                elif "," in token.said and token.said[-1].isdigit():
                    found.remarks.append(f"'{said}' is read as {number:g}.")
    return found


def _count(found: Amounts, number: float, said: str, unit: str) -> bool:
    """Take a number of units; False where the word behind it is no unit."""
    if unit in ("time", "times"):
        found.times = _times(found, number, said)
        return True
    if unit in SECONDS:
        seconds = number * SECONDS[unit]
    elif unit in STEPS:
        seconds = round(number * STEP_SECONDS, 2)
    elif unit in METRES:
        seconds = round(number / METRES_A_SECOND, 2)
    else:
        return False
    if seconds < LEAST_SECONDS:
        found.remarks.append(f"'{said}' cannot be: the usual length is taken.")
        return True
    if unit not in SECONDS:
        found.remarks.append(f"{said} are taken as {seconds:.1f} seconds.")
    if seconds > MOST_SECONDS:
        found.remarks.append(f"A row lasts {MOST_SECONDS:g} seconds at most.")
    found.seconds = min(seconds, MOST_SECONDS)
    return True


def _times(found: Amounts, number: float, said: str) -> int:
    if number < 1:
        found.remarks.append(f"'{said}' cannot be: it is done once.")
        return 1
    if number > MOST_TIMES:
        found.remarks.append(f"A row is repeated {MOST_TIMES} times at most.")
        return MOST_TIMES
    if number != int(number):
        found.remarks.append(f"'{said}' is taken as {int(number)}.")
    return int(number)
