"""Before and after as joined marks."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import BadInput
from engine.figures import Palette, axis, check_axes, pairs

LIGHT = Palette.light()


def draw(before, after, **more):
    return pairs(["a<b", "c"], before, after, LIGHT, title="t", category="Change",
                 value=axis("Recall", "%"), **more)  # fmt: skip


def test_rows_have_two_marks_and_a_line_between_them() -> None:
    figure = draw([10, 20], [30, 5], notes=["+20", "-15"], names=("old", "new"))
    assert check_axes(figure) == []
    join, old, new = figure.data
    np.testing.assert_array_equal(join.x[:2], [10, 30])
    assert np.isnan(join.x[2]) and join.y[3:5].tolist() == [1, 1]
    assert old.x.tolist() == [10, 20] and new.x.tolist() == [30, 5]
    assert old.name == "old" and old.marker.symbol != new.marker.symbol
    assert [note.text for note in figure.layout.annotations] == ["+20", "-15"]
    assert figure.layout.yaxis.ticktext[0] == "a&lt;b"


@pytest.mark.parametrize(("before", "after", "more"), [
    ([1], [1, 2], {}), ([1, 2], [1], {}), ([1, 2], [1, 2], {"notes": ["x"]}),
])  # fmt: skip
def test_lengths_must_fit(before, after, more) -> None:
    with pytest.raises(BadInput):
        draw(before, after, **more)
