"""What changed between two texts, word by word, and between two lists, item by item."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Sign = Literal["=", "+", "-"]


class Part(NamedTuple):
    """A run of words that stayed ("="), came ("+") or went ("-")."""

    sign: Sign
    text: str


def word_diff(before: str | Sequence[str], after: str | Sequence[str]) -> list[Part]:
    """The parts of both in order, what went before what came in its place.

    Texts are compared by words, whatever the space between them, and lists by whole items, which
    are shown with commas. The words of the "=" and "-" parts are those of ``before``, the words of
    the "=" and "+" parts those of ``after``.

    >>> word_diff("one two three", "one 2 three")[1:3]
    [Part(sign='-', text='two'), Part(sign='+', text='2')]
    """
    join = (" " if isinstance(before, str) else ", ").join
    old, new = _pieces(before), _pieces(after)
    found: list[Part] = []
    # Without autojunk: a word that is frequent in a long text is a word all the same.
    for _, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if old[a:b] == new[c:d]:
            found.append(Part("=", join(old[a:b])))
            continue
        if a < b:
            found.append(Part("-", join(old[a:b])))
        if c < d:
            found.append(Part("+", join(new[c:d])))
    return found


def _pieces(value: str | Sequence[str]) -> list[str]:
    return value.split() if isinstance(value, str) else list(value)
