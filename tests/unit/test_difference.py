"""B - A of two results against plain loops, and why fields do not match."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.core import Field, Result
from engine.core.difference import changed_settings, compare
from engine.figures import Palette, check_axes
from engine.figures.difference import MAX_PLACES, describe_difference, draw_difference
from tests.tiny_lab import Count, Walk


def field_of(a: Field, b: Field):
    found = compare(Result({"x": a}), Result({"x": b}))
    assert not found.unmatched
    return found.fields[0]


def test_settings_that_differ_are_told_with_their_titles() -> None:
    changes = changed_settings(Count(steps=4), Count(loud=True))
    assert [(c.title, c.a, c.b) for c in changes] == [("Steps", 4, 3), ("Loud", False, True)]
    assert changed_settings(Count(), Count()) == []


def test_settings_of_two_experiments_say_which_has_none() -> None:
    changes = changed_settings(Walk(name="w"), Count(steps=7))
    assert [(c.title, c.a, c.b, c.missing) for c in changes][:3] == [
        ("Name", "w", "trace", ""), ("Pause", None, 0.0, "A"), ("Sign", None, "plus", "A"),
    ]  # fmt: skip
    assert {c.missing for c in changed_settings(Count(steps=7), Walk())} == {"B"}


def test_results_of_two_experiments_are_compared_on_what_both_have() -> None:
    line = Field(np.arange(3.0), ("n",), "V")
    a = Result({"both": line, "long": line, "a": line}, {"n": 1, "only": 2})
    b = Result({"b": line, "long": Field(np.arange(4.0), ("n",), "V"), "both": line}, {"n": 3})
    found = compare(a, b, shared=True)
    assert [field.name for field in found.fields] == ["both"]
    assert [(one.name, one.reason) for one in found.unmatched] == [
        ("long", "its shapes differ (n: 3 in A, 4 in B)")
    ]
    assert [(metric.name, metric.difference) for metric in found.metrics] == [("n", 2)]
    everything = compare(a, b)
    assert {one.name for one in everything.unmatched} == {"long", "a", "b"}


def test_metrics_have_a_difference_and_a_ratio_where_these_mean_something() -> None:
    a = Result({}, {"n": 4, "zero": 0.0, "word": "x", "gone": 1.0, "nan": math.nan, "yes": True})
    b = Result({}, {"n": 6, "zero": 2.0, "word": "y", "new": 1.0, "nan": math.nan, "yes": True})
    found = {metric.name: metric for metric in compare(a, b).metrics}
    assert (found["n"].difference, found["n"].ratio) == (2, 1.5)
    assert (found["zero"].difference, found["zero"].ratio) == (2, None)
    assert found["word"].difference is None and not found["word"].same
    assert found["gone"].missing == "B" and found["new"].missing == "A"
    assert found["nan"].same and found["nan"].difference is None
    assert found["yes"].same and found["yes"].ratio is None


def test_a_field_is_subtracted_as_a_loop_would() -> None:
    draw = np.random.default_rng(0)
    one, other = draw.normal(size=(3, 4, 5)), draw.normal(size=(3, 4, 5))
    other[0] = one[0]
    found = field_of(Field(one, ("a", "b", "c"), "V"), Field(other, ("a", "b", "c"), "V"))
    pairs = [(o - a, i) for i, (a, o) in enumerate(zip(one.flat, other.flat, strict=True))]
    largest, at = max(pairs, key=lambda pair: abs(pair[0]))
    assert found.largest == largest and found.at == np.unravel_index(at, one.shape)
    assert found.share == pytest.approx(40 / 60)
    assert found.mean == pytest.approx(sum(abs(d) for d, _ in pairs) / 60)


def test_small_whole_numbers_and_half_precision_do_not_wrap() -> None:
    found = field_of(Field(np.array([200, 0], np.uint8), ("n",)),
                     Field(np.array([0, 255], np.uint8), ("n",)))  # fmt: skip
    assert list(found.values) == [-200, 255] and found.labels
    half = field_of(Field(np.array([-60000], np.float16), ("n",), "V"),
                    Field(np.array([60000], np.float16), ("n",), "V"))  # fmt: skip
    assert half.largest > 100_000 and not half.labels


def test_missing_numbers_are_alike_where_both_miss_them() -> None:
    nan = math.nan
    found = field_of(Field(np.array([nan, nan, 1.0]), ("n",)),
                     Field(np.array([nan, 2.0, 1.0]), ("n",)))  # fmt: skip
    assert found.share == pytest.approx(1 / 3) and found.largest == 0
    none = field_of(Field(np.array([nan]), ("n",)), Field(np.array([3.0]), ("n",)))
    assert none.at is None and "none of them is a number in both" in describe_difference(none)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (Field(np.zeros((2, 3)), ("token", "head"), "V"), "axes are (layer, head) in A"),
        (Field(np.zeros((2, 3)), ("layer", "head"), "A"), "unit is V in A and A in B"),
        (Field(np.zeros((2, 4)), ("layer", "head"), "V"), "head: 3 in A, 4 in B"),
        (None, "only A has it"),
    ],
)
def test_fields_that_do_not_match_say_why(other: Field | None, said: str) -> None:
    a = Result({"x": Field(np.zeros((2, 3)), ("layer", "head"), "V")})
    found = compare(a, Result({"x": other} if other else {}))
    assert not found.fields and said in found.unmatched[0].reason


@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 6, 3), (2, 2, 3, 2)])
def test_a_figure_says_its_axes_units_and_reduction(shape: tuple[int, ...]) -> None:
    axes = ("a", "b", "c", "d")[: len(shape)]
    values = np.random.default_rng(1).normal(size=shape)
    found = field_of(Field(np.zeros(shape), axes, "pJ"), Field(values, axes, "pJ"))
    figure = draw_difference(found, Palette.dark())
    assert figure is not None and check_axes(figure) == []
    subtitle = figure.layout.title.subtitle.text
    assert bool(subtitle) == (len(shape) > 2)
    if len(shape) > 2:
        assert all(axis in subtitle for axis in axes if axis not in ("a", "b"))


def test_the_cells_keep_the_largest_difference_with_its_sign() -> None:
    values = np.array([[[1.0, -3.0], [2.0, 0.5]], [[-1.0, 0.0], [4.0, -5.0]], [[0, 0], [1, 1]]])
    found = field_of(Field(np.zeros((3, 2, 2)), ("a", "b", "c")), Field(values, ("a", "b", "c")))
    figure = draw_difference(found, Palette.light())
    assert figure is not None
    np.testing.assert_array_equal(figure.data[0].customdata, [[-3, 2], [-1, -5], [0, 1]])


def test_a_long_line_is_reduced_and_says_so() -> None:
    values = np.zeros(3 * MAX_PLACES)
    values[777] = -2.0
    found = field_of(Field(np.zeros_like(values), ("n",)), Field(values, ("n",)))
    figure = draw_difference(found, Palette.light())
    assert figure is not None and len(figure.data[0].x) <= MAX_PLACES
    assert min(figure.data[0].y) == -2.0 and "4 positions" in figure.layout.title.subtitle.text


def test_one_number_is_told_and_not_drawn() -> None:
    found = field_of(Field(np.array(1.0), (), "s"), Field(np.array(3.0), (), "s"))
    assert draw_difference(found, Palette.light()) is None
    assert "2 s" in describe_difference(found)
