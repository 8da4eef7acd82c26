"""The typed errors that a page, the command line and a script all understand.

Every message is one clear sentence meant for the person who typed the value.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

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


def from_validation(
    error: ValidationError, model: type[BaseModel] | None = None, name: str = "", label: str = ""
) -> BadInput:
    """Turn pydantic's report into one sentence about its first complaint.

    ``model`` is the class whose bounds are named. ``name`` is the field where one alone was
    checked; else pydantic's path to it, or the name that a rule across fields gives in a BadInput
    of its own. ``label`` is what to call the value instead.
    """
    first = error.errors()[0]
    path = name or ".".join(str(part) for part in first["loc"])
    cause = first.get("ctx", {}).get("error")
    named = label or path or (cause.field if isinstance(cause, BadInput) else "config")
    if first["type"] == "extra_forbidden":
        return BadInput(named, "there is no such field")
    if first["type"] == "missing":
        return BadInput(named, "a value is required")
    if isinstance(cause, BadInput):  # a parser called by a validator names a field of its own
        reason = cause.reason
    elif first["type"] in ("greater_than_equal", "less_than_equal"):
        reason = _range(model, path, first["ctx"])
    else:
        reason = first["msg"].removeprefix("Value error, ")
    given = first.get("input")
    shown = repr(given)
    # A rule across fields was given all of them, and a parser may have shown the text itself.
    told = not path or (isinstance(given, str) and shown in reason)
    if len(shown) > 60:
        shown = shown[:57] + "..."
    return BadInput(named, f"{reason[:1].lower()}{reason[1:]}{'' if told else f' (got {shown})'}")


def _range(model: type[BaseModel] | None, name: str, missed: dict[str, Any]) -> str:
    """The range of a number, of which pydantic reports only the bound that was missed."""
    low, high = missed.get("ge"), missed.get("le")
    if model is not None and name in model.model_fields:
        marks = model.model_fields[name].metadata
        low = next((mark.ge for mark in marks if hasattr(mark, "ge")), low)
        high = next((mark.le for mark in marks if hasattr(mark, "le")), high)
    if low is None:
        return f"must be at most {high:.15g}"
    if high is None:
        return f"must be at least {low:.15g}"
    return f"must be from {low:.15g} to {high:.15g}"
