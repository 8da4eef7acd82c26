"""Phrases: the names that become nodes of the graph."""

from __future__ import annotations

import re
from functools import lru_cache

_NOT_ASCII = re.compile("[^A-Za-z0-9 ]")
_NOT_WORD = re.compile(r"[\W_]")
_SPACES = re.compile(" +")


@lru_cache(maxsize=1 << 17)
def normalise(phrase: str) -> str:
    """Lower case; whatever is neither a letter nor a digit of any script becomes one space.

    >>> normalise("Beyoncé Knowles-Carter (singer)")
    'beyoncé knowles carter singer'
    """
    return _SPACES.sub(" ", _NOT_WORD.sub(" ", phrase.lower())).strip()


@lru_cache(maxsize=1 << 17)
def normalise_ascii(phrase: str) -> str:
    """The same as HippoRAG's code does it: every other character, an accent too, is one space.

    Source: OSU-NLP-Group/HippoRAG, branch legacy, ``processing_phrases``.

    >>> normalise_ascii("Beyoncé Knowles-Carter (singer)")
    'beyonc  knowles carter  singer'
    """
    return _NOT_ASCII.sub(" ", phrase.lower()).strip()
