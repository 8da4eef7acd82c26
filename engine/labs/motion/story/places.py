"""The floor plan: named places in metres, and what stands in the way."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.core.errors import BadInput

FIELD = "places"
MOST_PLACES = 24
REACH = 10.0  # metres from the centre
WIDEST = 2.0
NAME = re.compile(r"[a-z][a-z'-]{0,19}")
# Shapes that can be walked instead of a way to a place.
SHAPES = ("circle", "square", "wave")
START = "start"  # where the body stands at first, on any plan


@dataclass(frozen=True)
class Place:
    """A named point of the floor, x and z in metres; ``radius`` above 0 stands in the way."""

    name: str
    x: float
    z: float
    radius: float = 0.0


# The body starts at the centre and faces +z; +x is to its left.
PLAN = (
    Place("centre", 0.0, 0.0),
    Place("door", 0.0, 3.5),
    Place("window", 3.0, 2.0),
    Place("table", 1.5, 0.8, 0.5),
    Place("chair", -2.0, 1.0, 0.25),
    Place("sofa", -2.5, -1.5, 0.6),
    Place("shelf", 2.5, -2.0, 0.3),
    Place("lamp", -2.5, 3.0, 0.15),
)
# Other words for the places of the plan.
ALSO = {
    "center": "centre",
    "middle": "centre",
    "desk": "table",
    "couch": "sofa",
    "seat": "chair",
    "bookshelf": "shelf",
    "exit": "door",
    "entrance": "door",
}


def read_places(text: str) -> tuple[Place, ...]:
    """Places of lines ``name x z [radius]``; the plan above where there is no line.

    Raises BadInput naming the line.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return PLAN
    if len(lines) > MOST_PLACES:
        raise BadInput(FIELD, f"at most {MOST_PLACES} places (got {len(lines)})")
    found: dict[str, Place] = {}
    for number, line in enumerate(lines, start=1):
        place = _place(line, number)
        if place.name in found:
            raise BadInput(FIELD, f"line {number}: {place.name!r} is there already")
        found[place.name] = place
    return tuple(found.values())


def _place(line: str, number: int) -> Place:
    parts = line.replace(",", " ").split()
    if len(parts) not in (3, 4):
        raise BadInput(FIELD, f"line {number}: name, x, z and maybe a radius (got {line[:40]!r})")
    name = parts[0].lower()
    if not NAME.fullmatch(name) or name in (*SHAPES, START):
        raise BadInput(
            FIELD,
            f"line {number}: a name has 1 to 20 letters and is none of "
            f"{', '.join((*SHAPES, START))} (got {name[:40]!r})",
        )
    try:
        x, z, radius = (float(part) for part in (*parts[1:], "0")[:3])
    except ValueError:
        raise BadInput(FIELD, f"line {number}: x, z and radius must be numbers") from None
    if not (abs(x) <= REACH and abs(z) <= REACH):
        raise BadInput(FIELD, f"line {number}: x and z must be from {-REACH:g} to {REACH:g} m")
    if not 0 <= radius <= WIDEST:
        raise BadInput(FIELD, f"line {number}: a radius must be from 0 to {WIDEST:g} m")
    return Place(name, x, z, radius)


def find_place(name: str, plan: tuple[Place, ...]) -> Place | None:
    """The place of the plan with this name or another word for it."""
    wanted = name.lower()
    if wanted == START:
        return Place(START, 0.0, 0.0)
    known = {place.name: place for place in plan}
    return known.get(wanted) or known.get(ALSO.get(wanted, ""))
