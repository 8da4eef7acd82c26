"""Names beside points: they cover neither each other nor a point, and give way in a crowd."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.figures import Palette, Point, scatter
from engine.figures.labels import LETTER, LINE, MARKER, PLACES, WIDTH, place_labels

HEIGHT = 360.0
GAP = MARKER / 2 + 2


def box(at: tuple[float, float], name: str, place: str) -> tuple[float, float, float, float]:
    """Where a browser would draw the name, from plotly's meaning of ``textposition``."""
    half = LETTER * len(name) / 2
    up, side = place.split()
    x = at[0] + {"left": -half, "center": 0.0, "right": half}[side]
    x += {"left": -GAP, "center": 0.0, "right": GAP}[side] if up == "middle" else 0.0
    y = at[1] + {"top": 1, "middle": 0, "bottom": -1}[up] * (LINE / 2 + GAP)
    return x - half, x + half, y - LINE / 2, y + LINE / 2


def pixels(values: np.ndarray, size: float) -> np.ndarray:
    return size * (0.05 + 0.9 * (values - values.min()) / np.ptp(values))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=2, max_size=25))
def test_no_two_names_overlap(places: list[tuple[int, int]]) -> None:
    x, y = np.array([(0, 0), (40, 40), *places], dtype=float).T
    names = [f"format {i}" for i in range(len(x))]
    found = place_labels(x, y, names, HEIGHT)
    points = list(zip(pixels(x, WIDTH), pixels(y, HEIGHT), strict=True))
    boxes = [
        box(at, name, place)
        for at, name, place in zip(points, names, found, strict=True)
        if place is not None
    ]
    for a, b in itertools.combinations(boxes, 2):
        assert a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]
    assert all(place is None or place in {one for one, *_ in PLACES} for place in found)


def test_a_lonely_point_is_named_above_and_unnamed_points_stay_so() -> None:
    x = np.array([0.0, 1.0, 2.0])
    assert place_labels(x, x, ["", "here", ""], HEIGHT) == [None, "top center", None]


def test_a_crowd_loses_names_instead_of_legibility() -> None:
    x = np.r_[0.0, np.full(20, 0.5), 1.0]
    found = place_labels(x, x, ["a long name of a format"] * len(x), HEIGHT)
    assert 0 < sum(place is not None for place in found) < len(x)


def test_a_figure_writes_only_the_names_that_have_room() -> None:
    crowd = [Point(1.0 + i / 1e6, 1.0, f"a long name {i}", id=str(i)) for i in range(12)]
    figure = scatter(
        [Point(0.5, 0.5, "alone", id="alone"), *crowd, Point(2, 2, "far", id="far")],
        Palette.light(),
        title="Crowd",
        x="Bits",
        y="Damage",
        names=True,
    )
    written = [text for text in figure.data[0].text if text]
    assert {"alone", "far"} <= set(written) and len(written) < 14
