"""Numbers as every view writes them."""

from __future__ import annotations


def hundredths(value: float) -> str:
    """Two decimals, and no minus before a zero."""
    return f"{round(float(value), 2) + 0.0:.2f}"
