"""ROC curves and their area against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import BadInput
from engine.labs.diffusion.detect.roc import area, curve, threshold_for, true_rate

groups = st.lists(st.integers(-5, 5), min_size=1, max_size=20).map(
    lambda values: np.array(values, float)
)


@given(groups, groups)
def test_the_area_counts_pairs_and_is_what_lies_under_the_curve(
    copied: np.ndarray, ordinary: np.ndarray
) -> None:
    won = sum((a > b) + 0.5 * (a == b) for a in copied for b in ordinary)
    found = area(copied, ordinary, resamples=50)
    assert found.value == pytest.approx(won / (len(copied) * len(ordinary)))
    false, true = curve(copied, ordinary)
    assert np.trapezoid(true, false) == pytest.approx(found.value)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert (np.diff(false) >= 0).all() and (np.diff(true) >= 0).all()
    assert found.low <= found.high
    turned = area(-copied, -ordinary, resamples=50)
    assert turned.value == pytest.approx(1 - found.value)


def test_the_interval_is_that_of_resampled_prompts() -> None:
    draw = np.random.default_rng(1)
    copied, ordinary = draw.normal(1, 1, 24), draw.normal(0, 1, 24)
    found = area(copied, ordinary, resamples=4000)
    slow = []
    for _ in range(4000):
        a = copied[draw.integers(0, 24, 24)]
        b = ordinary[draw.integers(0, 24, 24)]
        slow.append((a[:, None] > b).mean())
    low, high = np.percentile(slow, (2.5, 97.5))
    assert found.low == pytest.approx(low, abs=0.02)
    assert found.high == pytest.approx(high, abs=0.02)


def test_few_ordinary_prompts_give_no_small_rates() -> None:
    copied, ordinary = np.arange(10, 20.0), np.arange(20.0)
    assert true_rate(copied, ordinary, 0.01) is None
    # One of twenty may be flagged: a threshold of 19 lets nothing else pass.
    assert true_rate(copied, ordinary, 0.05) == pytest.approx(1 / 10)
    assert true_rate(copied, ordinary, 0.10) == pytest.approx(2 / 10)
    assert true_rate(copied + 100, ordinary, 0.05) == 1.0


def test_a_threshold_flags_as_many_as_asked_for() -> None:
    scores = np.array([3.0, 1.0, 2.0, 2.0])
    assert threshold_for(scores, 0) == np.inf
    assert [int((scores >= threshold_for(scores, k)).sum()) for k in (1, 2, 3, 4)] == [1, 3, 3, 4]
    with pytest.raises(BadInput, match="from 0 to 4"):
        threshold_for(scores, 5)


def test_an_empty_group_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one"):
        area(np.array([]), np.ones(3))
