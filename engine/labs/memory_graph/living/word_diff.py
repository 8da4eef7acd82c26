"""What changed between two texts, word by word, and between two lists, item by item."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Sign = Literal["=", "+", "-"]
_WORDS = re.compile(r"\S+\s*")


class Part(NamedTuple):
    """A run of words that stayed ("="), came ("+") or went ("-")."""

    sign: Sign
    text: str


def word_diff(before: str | Sequence[str], after: str | Sequence[str]) -> list[Part]:
    """The parts of both in order, what went before what came in its place.

    Texts are split at white space, which stays with the word before it; lists are compared by
    whole items and shown with commas. The "=" and "-" parts of a text add up to ``before``, the
    "=" and "+" parts to ``after``.

    >>> word_diff("one two three", "one 2 three")
    [Part(sign='=', text='one '), Part(sign='-', text='two '), Part(sign='+', text='2 '), \
Part(sign='=', text='three')]
    """
    as_list = not isinstance(before, str)
    old, new = _pieces(before), _pieces(after)
    join = ", ".join if as_list else "".join
    found: list[Part] = []
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
    return _WORDS.findall(value) if isinstance(value, str) else list(value)
