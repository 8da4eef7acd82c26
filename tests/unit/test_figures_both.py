"""A and B of one field as they are: both lines, or both maps on one scale."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import Field
from engine.figures import Palette, check_axes
from engine.figures.both import describe_values, draw_both
from engine.figures.difference import MAX_PLACES

LIGHT = Palette.dark()


def ends(figure) -> tuple[float, float]:
    """What the two ends of the colour bar are called."""
    bar = next(trace.colorbar for trace in figure.data if trace.type == "heatmap")
    texts = [float(text.replace(",", "").replace("−", "-")) for text in bar.ticktext]
    return min(texts), max(texts)


def test_one_axis_makes_one_figure_with_both_lines() -> None:
    a, b = (Field(np.arange(3.0) * factor, ("step",), "s") for factor in (1, 2))
    [figure] = draw_both(a, b, LIGHT, name="wait")
    drawn = {trace.name: list(trace.y) for trace in figure.data if trace.name in ("A", "B")}
    assert drawn == {"A": [0, 1, 2], "B": [0, 2, 4]}
    assert figure.layout.meta["alt"] == "A: 0 to 2 s, mean 1. B: 0 to 4 s, mean 2."
    check_axes(figure)


def test_long_lines_are_means_and_say_so() -> None:
    a, b = (Field(np.full(2 * MAX_PLACES, value), ("n",)) for value in (1.0, 3.0))
    [figure] = draw_both(a, b, LIGHT, name="x")
    assert all(len(trace.y) <= MAX_PLACES for trace in figure.data)
    assert "the mean of 2 positions" in figure.layout.title.subtitle.text


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_two_axes_make_two_maps_on_one_scale(sign: float) -> None:
    values = np.linspace(1, 2, 12).reshape(3, 4)
    a, b = Field(values, ("row", "column"), "m"), Field(sign * 5 * values, ("row", "column"), "m")
    first, second = draw_both(a, b, LIGHT, name="height")
    assert first.layout.title.text.startswith("A: Height")
    assert second.layout.title.text.startswith("B: Height")
    assert ends(first) == ends(second)
    # Around zero where one of both lies below it.
    assert (ends(first)[0] < 0) == (sign < 0)
    for figure in (first, second):
        check_axes(figure)


def test_more_axes_are_a_mean_of_what_is_a_number() -> None:
    values = np.ones((5, 2, 4))
    values[0, 0, 0], values[0, 1, 0] = np.nan, 3.0
    values[1, :, 1] = np.inf
    a = Field(values, ("layer", "head", "token"))
    figures = draw_both(a, a, LIGHT, name="error")
    assert len(figures) == 2
    assert "the mean over head" in figures[0].layout.title.subtitle.text
    assert ends(figures[0]) == (1.0, 3.0)


@pytest.mark.parametrize("kind", ["b1", "i8", "u1", "f2"])
def test_every_kind_of_number_is_drawn(kind: str) -> None:
    one = Field(np.zeros((2, 2), kind), ("a", "b"))
    assert len(draw_both(one, one, LIGHT, name="n")) == 2


def test_one_number_and_no_number_draw_nothing_wrong() -> None:
    assert draw_both(Field(np.array(1.0), ()), Field(np.array(2.0), ()), LIGHT, name="n") == ()
    nothing = Field(np.full((2, 2), np.nan), ("a", "b"))
    assert len(draw_both(nothing, nothing, LIGHT, name="n")) == 2
    assert describe_values(nothing, "B") == "B holds no number."
