"""JSON out of a model's reply, whatever stands around it."""

from __future__ import annotations

import json
import re
from typing import Any

LONGEST = 200_000  # characters of a reply that are looked at
STARTS = 60  # places where JSON may begin that are tried
LONGEST_TEXT = 500

_THOUGHT = re.compile(r"\A.*</think>", re.DOTALL)
_OPENING = re.compile(r"[\[{]")
_DECODER = json.JSONDecoder()


def find_object(reply: str, key: str) -> dict[str, Any] | None:
    """The first JSON object in ``reply`` that has ``key``; a bare list counts as its value.

    Fences, sentences before and behind, and a reasoning model's thoughts are passed over. None
    where there is no such object: cut off, malformed, or something else.

    >>> find_object('Sure: ```json\\n{"names": ["Ada"]}\\n``` Anything else?', "names")
    {'names': ['Ada']}
    """
    text = _THOUGHT.sub("", reply[:LONGEST])
    bare = None
    position, whole = 0, True
    for _ in range(STARTS):
        start = _OPENING.search(text, position)
        if start is None:
            break
        try:
            value, position = _DECODER.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            position, whole = start.end(), False
            continue
        if isinstance(value, dict) and key in value:
            return value
        # A list behind what could not be read may be a part of it.
        if isinstance(value, list) and bare is None and whole:
            bare = value
    return None if bare is None else {key: bare}


def texts(value: Any, most: int) -> list[str] | None:
    """The texts of a list, each once, ``most`` at most; None for what is no list.

    Numbers count as texts, a single text as its parts between commas; anything else is left out.
    """
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return None
    kept = [
        clean(str(part)) for part in value if isinstance(part, str | int) and type(part) is not bool
    ]
    return list(dict.fromkeys(part for part in kept if part))[:most]


def clean(text: str) -> str:
    """One line without half characters, cut at 500 characters."""
    return " ".join(text.encode("utf-8", "replace").decode().split())[:LONGEST_TEXT]
