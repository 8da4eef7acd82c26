"""Numbers as stories write them: 3,5 and 1,000 and -2, "twenty-five", "two and a half"."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.labs.motion.story.lexicon import SECONDS

FIGURE = (
    r"(?:(?<![\w)])[-−+]|(?<=\bfor )[-−]\s+)?"
    r"(?:\d+/\d+|(?:\d+(?:[.,]\d+)*|(?<!\w)\.\d+)(?:[eE][+-]?\d+(?!\w))?)"
)
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_ONES = {
    word: float(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
         "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
         "eighteen", "nineteen")
    )
}  # fmt: skip
_TENS = {
    word: 10.0 * number
    for number, word in enumerate(
        ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), start=2
    )
}
_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}
_SHARES = {"half": 0.5, "third": 1 / 3, "quarter": 0.25}


@dataclass(frozen=True)
class Number:
    """A ``value`` and the number of ``words`` and marks that it is written with."""

    value: float
    words: int


def number_at(words: Sequence[str], at: int) -> Number | None:
    """The number that begins at a word (all in lower case), or None.

    A length in two units, "1 minute and 30 seconds", is a number of the smaller one.
    """
    found = _share(words, at) or _mixed(words, at)
    if found is None:
        return None
    end = at + found.words
    larger = SECONDS.get(_word(words, end), 0.0)
    end += 1 + (_word(words, end + 1) in ("and", ","))
    rest = _share(words, end) or _mixed(words, end)
    if rest is None or not larger:
        return found
    end += rest.words
    smaller = SECONDS.get(_word(words, end), larger)
    if smaller == larger:
        return found
    return Number(found.value * larger / smaller + rest.value, end - at)


def figure(text: str) -> float | None:
    """The value of a number in figures, or None: ``1,000`` is a thousand and ``3,5`` is 3.5."""
    plain = "".join(text.split()).replace("−", "-")
    if plain in _FRACTIONS:
        return _FRACTIONS[plain]
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(plain):
        plain = plain.replace(",", ".")
    if not re.match(r"[-+]?\.?\d", plain):
        return None  # "nan" and "infinity" are words
    try:
        parts = [float(part) for part in plain.split("/")]
        value = math.prod([parts[0], *(1 / part for part in parts[1:])])
    except (ValueError, ZeroDivisionError):
        return None
    return value if math.isfinite(value) else None


def _word(words: Sequence[str], at: int) -> str:
    return words[at] if at < len(words) else ""


def _share(words: Sequence[str], at: int) -> Number | None:
    """Half a minute, a quarter of an hour: a share that stands before what it is of."""
    share = _SHARES.get(_word(words, at))
    end = at + 1 + (_word(words, at + 1) == "of")
    end += _word(words, end) in ("a", "an")
    return Number(share, end - at) if share and _word(words, end) in SECONDS else None


def _mixed(words: Sequence[str], at: int) -> Number | None:
    """A whole number and maybe a fraction: two and a half, 2 1/2, 2½."""
    whole = _whole(words, at)
    if whole is None:
        return None
    end = at + whole.words
    following = _word(words, end)
    if "/" in following or following in _FRACTIONS:
        return Number(whole.value + (figure(following) or 0.0), whole.words + 1)
    share = _SHARES.get(_word(words, end + 2))
    if share and list(words[end : end + 2]) == ["and", "a"]:
        return Number(whole.value + share, whole.words + 3)
    return whole


def _whole(words: Sequence[str], at: int) -> Number | None:
    """A number in figures, or in words up to those with hundreds."""
    first = _below_hundred(words, at)
    if first is None and _word(words, at) in ("a", "an"):
        first = Number(1.0, 1)
        if _word(words, at + 1) != "hundred":
            return None
    if first is None or _word(words, at + first.words) != "hundred":
        return first
    end = at + first.words + 1
    end += _word(words, end) == "and" and _below_hundred(words, end + 1) is not None
    rest = _below_hundred(words, end) or Number(0.0, 0)
    return Number(100 * first.value + rest.value, end + rest.words - at)


def _below_hundred(words: Sequence[str], at: int) -> Number | None:
    word = _word(words, at)
    if word in _ONES:
        return Number(_ONES[word], 1)
    if word not in _TENS:
        value = figure(word)
        return None if value is None else Number(value, 1)
    joined = at + 1 + (_word(words, at + 1) == "-")
    more = _ONES.get(_word(words, joined), 0.0)
    return Number(_TENS[word] + more, joined + 1 - at) if 1 <= more <= 9 else Number(_TENS[word], 1)
