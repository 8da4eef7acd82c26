"""The picture grid: what it refuses, its table, and its twin as a figure."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import BadInput
from engine.figures import Palette, PictureGrid, draw_pictures

PIXELS = np.arange(2 * 3 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 4, 3)
WORDS = {"row_labels": ("a", "b"), "column_labels": ("1", "2", "3"), "title": "t", "alt": "found"}


def grid(**change: object) -> PictureGrid:
    return PictureGrid(**{"pictures": PIXELS, **WORDS, **change})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pictures": PIXELS.astype(float)}, "pictures: must be uint8"),
        ({"pictures": PIXELS[0]}, "pictures: must be uint8"),
        ({"pictures": PIXELS[:0]}, "pictures: 1 to 600 are drawn, not 0"),
        ({"row_labels": ("a",)}, "labels: "),
        ({"under": (("x",), ("y",))}, "under: needs 3 words in each of 2 rows"),
        ({"marks": np.zeros((3, 2), int)}, r"marks: must be \(2, 3\)"),
        ({"present": np.ones((1, 3), bool)}, r"present: must be \(2, 3\)"),
    ],
)
def test_a_grid_refuses_what_cannot_be_drawn(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        grid(**change)


def test_the_table_names_every_picture_that_is_there() -> None:
    made = grid(
        under=(("p", "q", "r"), ("s", "t", "u")),
        marks=np.array([[0, -1, -1], [-1, -1, 1]]),
        mark_names=("extracted", "near"),
        present=np.array([[True, True, False], [True, True, True]]),
    )
    table = made.table()
    assert table["row"] == ["a", "a", "b", "b", "b"]
    assert table["words"] == ["p", "q", "s", "t", "u"]
    assert table["mark"] == ["extracted", "", "", "", "near"]


def test_the_figure_holds_the_same_pixels_where_the_axes_say() -> None:
    figure = draw_pictures(
        grid(present=np.array([[True] * 3, [True, True, False]])), Palette.dark()
    )
    assert len(figure.data) == 5
    np.testing.assert_array_equal(figure.data[4].z, PIXELS[1, 1])
    columns, rows = figure.layout.xaxis.tickvals, figure.layout.yaxis.tickvals
    picture = figure.data[4]
    middle = picture.x0 + picture.dx * 1.5
    assert middle == pytest.approx(columns[1])
    assert picture.y0 + picture.dy * 1.5 == pytest.approx(rows[1])
    assert figure.layout.meta["alt"] == "found"


def test_words_with_markup_are_escaped() -> None:
    figure = draw_pictures(grid(row_labels=("<b>a", "b")), Palette.light())
    assert "<b>" not in figure.layout.yaxis.ticktext[0]
