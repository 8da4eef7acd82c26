"""How a kind of span looks: colour, pattern and a short name, no two alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.figures.palette import PATTERNS, Palette, contrast

_SHORT = 4


def looks(kinds: Sequence[str], palette: Palette) -> list[dict[str, Any]]:
    """Name, short name, colour, pattern and the colour of text on it, for each kind.

    Eight colours with the pattern of their turn, then the same colours with other patterns.
    """
    shorts = short_names(kinds)
    found = []
    for i, (kind, short) in enumerate(zip(kinds, shorts, strict=True)):
        colour = palette.category(i)
        found.append(
            {
                "name": str(kind),
                "short": short,
                "colour": colour,
                "pattern": PATTERNS[(i + i // len(palette.categories)) % len(PATTERNS)],
                "text": max((palette.ink, palette.paper), key=lambda ink: contrast(ink, colour)),
            }
        )
    return found


def short_names(kinds: Sequence[str]) -> list[str]:
    """At most four signs each and all different: ``["ACT", "CPU Adam"] -> ["ACT", "CA"]``."""
    taken: set[str] = set()
    found = []
    for kind in kinds:
        words = str(kind).split()
        short = str(kind) if len(str(kind)) <= _SHORT else "".join(word[0] for word in words[:4])
        if len(short) < 2 < len(str(kind)):
            short = str(kind)[:3]
        tried, number = short, 1
        while tried in taken:
            number += 1
            tried = f"{short[: _SHORT - len(str(number))]}{number}"
        taken.add(tried)
        found.append(tried)
    return found
