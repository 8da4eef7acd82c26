"""The greedy walk against every possible choice of tiny cases."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core import BadInput
from engine.core.result import Field, Result
from engine.labs.kv_cache.allocate import allocate, plan, walk


def cheapest_loss(damage: np.ndarray, size: np.ndarray, budget: float) -> float:
    """Brute force: the least total damage of all choices within the budget."""
    rungs = range(damage.shape[1])
    units = np.arange(len(damage))
    best = np.inf
    for choice in itertools.product(rungs, repeat=len(damage)):
        if size[units, choice].sum() <= budget + 1e-9:
            best = min(best, damage[units, choice].sum())
    return best


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    units, rungs = draw(st.integers(1, 4)), draw(st.integers(2, 4))
    numbers = st.integers(0, 40)
    damage = [[draw(numbers) for _ in range(rungs)] for _ in range(units)]
    size = [[draw(st.integers(1, 12)) for _ in range(rungs)] for _ in range(units)]
    return np.array(damage, float), np.array(size, float)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_every_stop_of_the_walk_is_optimal_for_its_size(case: tuple) -> None:
    damage, size = case
    path = plan(damage, size)
    for total, loss in zip(path.bytes, path.damage, strict=True):
        assert loss == pytest.approx(cheapest_loss(damage, size, total))


@settings(max_examples=150, deadline=None)
@given(cases(), st.floats(0, 60), st.floats(0, 60))
def test_more_bytes_never_hurt_and_the_gap_is_one_step(case: tuple, a: float, b: float) -> None:
    damage, size = case
    path = plan(damage, size)
    low, high = sorted((path.bytes[0] + a, path.bytes[0] + b))
    less, more = path.steps_within(low), path.steps_within(high)
    assert path.bytes[less] <= low + 1e-9
    assert path.damage[more] <= path.damage[less]
    units = np.arange(len(damage))
    choice = path.choice(less)
    assert damage[units, choice].sum() == pytest.approx(path.damage[less])
    assert size[units, choice].sum() == pytest.approx(path.bytes[less])
    after = path.damage[min(less + 1, len(path.damage) - 1)]
    assert cheapest_loss(damage, size, low) >= after - 1e-9


def sweep() -> Result:
    damage = np.zeros((2, 2, 2, 3), np.float32)
    damage[0] = [[[8, 2, 0], [1, 1, 0]], [[4, 1, -0.1], [2, 0, 0]]]
    damage[1] = [[[0.1, 0, 0], [0, 0, 0]], [[0, 0, 0], [0.2, 0, 0]]]
    fields = {
        "delta_nll": Field(damage, ("side", "layer", "head", "rung"), "nat"),
        "bits": Field(np.array([[2.0, 4, 8], [2, 4, 8]]), ("side", "rung"), "bit"),
    }
    model = {"layers": 2, "kv_heads": 2, "head_dim": 16}
    ladder = ["int2:token:head", "int4:token:head", "int8:token:head"]
    return Result(fields, {}, {"model": model, "ladder": ladder, "granularity": "head"})


def test_the_policy_says_what_the_choice_says() -> None:
    result = sweep()
    found = allocate(result, 48.0)
    assert found.bytes_per_token <= 48
    total = 0.0
    for side, layer, head in np.ndindex(2, 2, 2):
        fmt = found.policy.formats(layer, head)[side]
        rung = found.choice[side, layer, head]
        assert fmt.id == result.notes["ladder"][rung]
        total += [2, 4, 8][rung] * 16 / 8
    assert total == found.bytes_per_token
    assert found.bits_mean == pytest.approx(8 * total / (8 * 16))
    # Keys hurt here: the most damaging head is upgraded first.
    assert found.choice[0, 0, 0] > 0 and found.choice[1, 0, 1] == 0


def test_noise_below_zero_buys_nothing() -> None:
    assert walk(sweep()).damage[-1] == 0.0


def test_a_budget_below_the_cheapest_is_refused() -> None:
    with pytest.raises(BadInput, match="at least 32 bytes"):
        allocate(sweep(), 31.0)
