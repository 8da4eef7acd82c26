"""Numbers as people read them, with their unit."""

from __future__ import annotations

_SI = (("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0), ("m", 1e-3), ("µ", 1e-6), ("n", 1e-9))


def si(value: float, unit: str = "", digits: int = 3) -> str:
    """``si(12_300, "B") == "12.3 kB"``; zero and non-finite values are written plainly."""
    if value == 0 or value != value or value in (float("inf"), float("-inf")):
        return f"{value:g} {unit}".rstrip()
    prefix, factor = next((pair for pair in _SI if abs(value) >= pair[1]), _SI[-1])
    return f"{value / factor:.{digits}g} {prefix}{unit}".rstrip()


def seconds(value: float) -> str:
    """``seconds(95) == "1 min 35 s"``."""
    if value < 10:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def percent(value: float) -> str:
    """``percent(0.1234) == "12.3 %"``."""
    return f"{100 * value:.3g} %"


def count(number: float, noun: str) -> str:
    """``count(1, "window") == "1 window"``, ``count(8, "window") == "8 windows"``."""
    return f"{number:,.0f} {noun}" if number == 1 else f"{number:,.0f} {noun}s"
