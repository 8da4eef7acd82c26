"""Numbers on the command line: how they are read, and the ranges that are told."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from functools import partial
from typing import Any

from engine.core.errors import BadInput

MOST_SEED = 10**6
# As in the modules that sample, which a wrong option should not load.
STEPS, MOST_STEPS = 20, 1000
MOST_SEEDS = 20
FEW = 24


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise BadInput for a value out of its range, or one that is no number."""
    if not low <= value <= high:
        got = f"{value:g}" if isinstance(value, float) else str(value)[:20]
        raise BadInput(name, f"must be from {low} to {high} (got {got})")


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reads an option; tells its range where the text is no whole number."""
    return partial(_number, int, f"a whole number from {low} to {high}")


def decimal(low: float, high: float) -> Callable[[str], float]:
    """Reads an option; tells its range where the text is no number."""
    return partial(_number, float, f"a number from {low} to {high}")


def _number(kind: Callable[[str], Any], wanted: str, text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise ArgumentTypeError(f"must be {wanted} (got {text[:20]!r})") from None
