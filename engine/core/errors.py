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
    given = first.get("input")
    if isinstance(cause, BadInput):  # a parser called by a validator names a field of its own
        reason = cause.reason
    else:
        reason = _reason(model, path, first["type"], first.get("ctx", {}), first["msg"])
    if first["type"] in ("string_too_short", "string_too_long") and isinstance(given, str):
        return BadInput(named, f"{reason} (it has {len(given):,})")
    shown = repr(given)
    # A rule across fields was given all of them, and a parser may have shown the text itself.
    told = not path or (isinstance(given, str) and shown in reason)
    if len(shown) > 60:
        shown = shown[:57] + "..."
    return BadInput(named, f"{reason[:1].lower()}{reason[1:]}{'' if told else f' (got {shown})'}")


def bounds(
    model: type[BaseModel] | None, name: str, low: str = "ge", high: str = "le"
) -> tuple[Any, Any]:
    """The least and the greatest value of a field, or of its length; None where there is none."""
    found = model.model_fields.get(name) if model is not None else None
    marks = found.metadata if found is not None else ()
    return (
        next((getattr(mark, low) for mark in marks if hasattr(mark, low)), None),
        next((getattr(mark, high) for mark in marks if hasattr(mark, high)), None),
    )


def _reason(
    model: type[BaseModel] | None, name: str, kind: str, missed: dict[str, Any], said: str
) -> str:
    """What the value must be: kind and range. Pydantic reports only the bound that was missed."""
    low, high = bounds(model, name)
    if kind in ("greater_than_equal", "less_than_equal"):
        low, high = missed.get("ge", low), missed.get("le", high)
        return f"must be{_range(low, high)}"
    if kind.startswith("int_"):
        return f"must be a whole number{_range(low, high)}"
    if kind.startswith("float_") or kind == "finite_number":
        return f"must be a {'finite ' if kind == 'finite_number' else ''}number{_range(low, high)}"
    if kind.startswith("bool_"):
        return "must be true or false"
    if kind in ("string_too_short", "string_too_long"):
        low, high = bounds(model, name, "min_length", "max_length")
        return _characters(missed.get("min_length", low), missed.get("max_length", high))
    if kind.startswith("string_"):
        return "must be a text"
    if said.startswith("Input should "):
        return said.replace("Input should ", "must ", 1)
    return said.removeprefix("Value error, ")


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return "" if high is None else f" at most {high:.15g}"
    return f" at least {low:.15g}" if high is None else f" from {low:.15g} to {high:.15g}"


def _characters(low: int | None, high: int | None) -> str:
    if low and high is not None:
        return f"must have {low} to {high} characters"
    if high is not None:
        return f"must have at most {high} character{'' if high == 1 else 's'}"
    return f"must have at least {low} character{'' if low == 1 else 's'}"
