"""The known word that a mistyped one was meant to be, or none."""

from __future__ import annotations

from collections.abc import Iterable

# One slip for so many letters: what differs by more is another word, not a misspelt one.
LETTERS_A_SLIP = 4


def nearest_word(word: str, known: Iterable[str]) -> str:
    """The known word with the fewest slips from ``word``; "" where all have too many.

    A slip is a letter more, a letter less, another letter, or two neighbours exchanged. One is
    allowed from 4 letters on, two from 8, and so on. Of equally near words the first one wins
    that begins with the same letter, else the first.
    """
    most = len(word) // LETTERS_A_SLIP
    best, least = "", (most + 1, True)
    for other in known:
        if abs(len(other) - len(word)) > least[0]:
            continue
        found = (slips(word, other), other[:1] != word[:1])
        if found[0] <= most and found < least:
            best, least = other, found
    return best


def slips(one: str, other: str) -> int:
    """The number of slips between two words: the optimal string alignment distance."""
    earlier: list[int] = []
    before = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, its in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        earlier, before = before, row
    return before[-1]
