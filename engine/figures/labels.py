"""Where the names of points can stand without covering each other or a point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# A figure's inner size is not known before a browser draws it; a narrow one is assumed.
WIDTH, LETTER, LINE, MARKER = 760.0, 6.3, 14.0, 11.0
# Tried in this order: (plotly's name, shift of the text's centre in half widths and in lines).
PLACES = (
    ("top center", 0.0, 1.0),
    ("bottom center", 0.0, -1.0),
    ("top right", 1.0, 1.0),
    ("bottom left", -1.0, -1.0),
    ("top left", -1.0, 1.0),
    ("bottom right", 1.0, -1.0),
    ("middle right", 1.0, 0.0),
    ("middle left", -1.0, 0.0),
)
Box = tuple[float, float, float, float]


def place_labels(
    x: np.ndarray, y: np.ndarray, names: Sequence[str], height: float
) -> list[str | None]:
    """Plotly's ``textposition`` for each point, None where its name finds no room.

    ``x`` and ``y`` [n] are positions along the axes (logarithms on a log axis), ``names`` [n] the
    texts, empty where none is wanted, ``height`` pixels of the plot. Earlier points choose first.
    """
    across, up = _pixels(x, WIDTH), _pixels(y, height)
    taken: list[Box] = [
        (a - MARKER / 2, a + MARKER / 2, b - MARKER / 2, b + MARKER / 2)
        for a, b in zip(across, up, strict=True)
    ]
    return [
        _place(a, b, name, height, taken) if name else None
        for a, b, name in zip(across, up, names, strict=True)
    ]


def _pixels(values: np.ndarray, size: float) -> np.ndarray:
    spread = float(np.ptp(values))
    if not spread:
        return np.full(len(values), size / 2)
    # Plotly leaves about five per cent free at either end.
    return size * (0.05 + 0.9 * (values - values.min()) / spread)


def _place(across: float, up: float, name: str, height: float, taken: list[Box]) -> str | None:
    half = LETTER * len(name) / 2
    for place, aside, lines in PLACES:
        gap = MARKER / 2 + 2
        centre = across + aside * (half + (gap if lines == 0 else 0))
        middle = up + lines * (LINE / 2 + gap)
        box = (centre - half, centre + half, middle - LINE / 2, middle + LINE / 2)
        inside = box[0] >= 0 and box[1] <= WIDTH and box[2] >= 0 and box[3] <= height
        if inside and not any(_overlap(box, other) for other in taken):
            taken.append(box)
            return place
    return None


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
