"""A key that cannot be printed, compared in a log, stored or sent to another process."""

from __future__ import annotations

from typing import NoReturn

from engine.core.errors import BadInput

LONGEST = 500
HIDDEN = "[key]"
# Shorter ones are placeholders for servers that ask for no key ("none", "local").
SECRET = 16
# A server's own words may quote the beginning or the end of a key.
TELLING = 6


class Key:
    """Who pays; ``header`` is the only way out."""

    __slots__ = ("_text",)

    def __init__(self, text: str):
        text = text.strip()
        # A line end would let a key write headers of its own.
        if len(text) > LONGEST or not text.isascii() or any(not 33 <= ord(c) < 127 for c in text):
            raise BadInput(
                "key", f"must have at most {LONGEST} plain characters without spaces (not shown)"
            )
        self._text = text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Key(hidden)" if self._text else "Key(none)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key stays in the process that it was given to")

    @property
    def header(self) -> dict[str, str]:
        """The header that shows it to the endpoint; none without a key."""
        return {"Authorization": f"Bearer {self._text}"} if self._text else {}

    def hide(self, text: str) -> str:
        """``text`` with the key taken out; placeholders stay."""
        return text.replace(self._text, HIDDEN) if len(self._text) >= SECRET else text

    def told_by(self, text: str) -> bool:
        """Whether ``text`` quotes six characters of the key in a row."""
        key = self._text
        return any(key[i : i + TELLING] in text for i in range(len(key) - TELLING + 1))
