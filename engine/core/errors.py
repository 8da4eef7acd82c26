"""The typed errors that a page, the command line and a script all understand.

Every message is one clear sentence meant for the person who typed the value.
"""

from __future__ import annotations

from pydantic import ValidationError

LONGEST_FIELD = 80


class EngramError(Exception):
    """Base of everything the engine raises on purpose."""


class BadInput(EngramError, ValueError):
    """An input that cannot be used: the sentence names the field and the allowed range."""

    def __init__(self, field: str, reason: str):
        self.field = _sayable(field if len(field) <= LONGEST_FIELD else f"{field[:77]}...")
        self.reason = _sayable(reason)
        super().__init__(f"{self.field}: {self.reason}")


class NotFound(EngramError, LookupError):
    """A lab, experiment, run or result that does not exist here."""


class LimitExceeded(EngramError):
    """A run that asks for more memory, time, output or queue places than it may have."""


class Cancelled(EngramError):
    """Raised inside a job when somebody asked for it to stop."""


def _sayable(text: str) -> str:
    """Half characters, which JSON escapes and command lines may hold, as their escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def from_validation(error: ValidationError, field: str = "") -> BadInput:
    """Turn pydantic's report into one sentence about its first complaint.

    ``field`` is what to call the value; without it, pydantic's path to it.
    """
    first = error.errors()[0]
    field = field or ".".join(str(part) for part in first["loc"]) or "config"
    cause = first.get("ctx", {}).get("error")
    # A parser called by a validator names a field of its own.
    if isinstance(cause, BadInput):
        reason = cause.reason
    else:
        reason = first["msg"].removeprefix("Value error, ")
    given = first.get("input")
    shown = repr(given)
    if first["type"] == "extra_forbidden":
        return BadInput(field, "there is no such field")
    if first["type"] == "missing":
        return BadInput(field, "a value is required")
    if len(shown) > 60:
        shown = shown[:57] + "..."
    return BadInput(field, f"{reason[:1].lower()}{reason[1:]} (got {shown})")
