"""The scan race: what is timed, how growth is fitted, and the form that overflows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import linregress, t

from engine.core.context import QuietContext
from engine.core.result import Result
from engine.figures import Palette, check_axes
from engine.labs.motion.config.race import RaceConfig
from engine.labs.motion.race import overflow, timing
from engine.labs.motion.race.contestants import NAMES, Call, Sizes, build_call, missing
from engine.labs.motion.race.run import race
from engine.labs.motion.race.slopes import fit_slope
from engine.labs.motion.views import race as views
from engine.labs.motion.views import race_words as words
from engine.labs.motion.views.overflow import describe_overflow, draw_errors, draw_exponents
from engine.models.ssm.scan import BACKENDS

SMALL = Sizes(2, 24, 64, 4)


def test_all_back_ends_of_the_race_compute_the_same_and_give_gradients() -> None:
    wanted = build_call("reference", SMALL).run()
    for name in ("c", "loop", "assoc"):
        if name in missing() or name == "triton":  # it needs a CUDA device
            continue
        call = build_call(name, SMALL)
        y = call.run()
        torch.testing.assert_close(y, wanted, rtol=1e-4, atol=1e-5)
        assert all(gradient.any() for gradient in torch.autograd.grad(y.sum(), call.leaves))
    for name in ("ssd", "attention"):
        call = build_call(name, SMALL)
        assert call.run().shape == wanted.shape
        assert len(torch.autograd.grad(call.run().sum(), call.leaves)) == len(call.leaves)


class Clock:
    """A clock that moves on by what the call says it costs."""

    def __init__(self, cost: dict[str, float]):
        self.now, self.cost, self.order = 0.0, cost, []

    def __call__(self) -> float:
        return self.now

    def build(self, name: str, sizes: Sizes, seed: int) -> Call:
        def run() -> torch.Tensor:
            self.order.append((name, sizes.length))
            self.now += self.cost[name] * sizes.length
            return torch.zeros(1, requires_grad=True) * 1

        leaf = torch.zeros(1, requires_grad=True)
        return Call(lambda: run() + leaf, [leaf])


def timed(monkeypatch: pytest.MonkeyPatch, cost: dict[str, float], budget: float, repeats=2):
    clock = Clock(cost)
    monkeypatch.setattr(timing, "build_call", clock.build)
    found = timing.time_all(
        list(cost), (64, 128, 256), lambda length: Sizes(1, length, 64, 4),
        repeats=repeats, budget=budget, clock=clock,
    )  # fmt: skip
    return clock, found


def test_contestants_take_turns_and_the_first_round_is_not_counted(monkeypatch) -> None:
    clock, found = timed(monkeypatch, {"loop": 0.001, "assoc": 0.003, "c": 0.002}, 1e6)
    assert found.left == ()
    names = [name for name, length in clock.order if length == 64][:9]
    assert [names[i : i + 3] for i in (0, 3, 6)] == [
        ["loop", "assoc", "c"],
        ["assoc", "c", "loop"],
        ["c", "loop", "assoc"],
    ]
    assert len(clock.order) == 2 * 3 * 3 * 3
    wanted = np.array([0.001, 0.003, 0.002])[:, None] * [64, 128, 256]
    np.testing.assert_allclose(found.seconds, np.broadcast_to(wanted[None, ..., None],
                                                               (2, 3, 3, 2)))  # fmt: skip


def test_what_would_not_fit_the_budget_is_left_out_and_said(monkeypatch) -> None:
    _, found = timed(monkeypatch, {"loop": 1e-4, "reference": 1.0}, 2000.0)
    slow = found.seconds[:, 1]
    assert np.isfinite(found.seconds[:, 0]).all() and np.isfinite(slow[:, 0]).all()
    assert np.isnan(slow[:, 1:]).all()
    assert {(one.name, one.length, one.reason) for one in found.left} == {
        ("reference", 128, "it would have taken too long"),
        ("reference", 256, "a shorter one was left out"),
    }


def test_states_that_need_too_much_memory_are_left_out(monkeypatch) -> None:
    monkeypatch.setattr(timing, "MOST_BYTES", 4 * 8 * 64 * 64 * 4 + 1)
    _, found = timed(monkeypatch, {"c": 1e-4, "assoc": 1e-4}, 1e6)
    assert np.isfinite(found.seconds[:, 0]).all()
    assert np.isfinite(found.seconds[0, 1, 0]).all() and np.isnan(found.seconds[0, 1, 1]).all()
    assert any("its states would need" in one.reason for one in found.left)


def test_a_slope_is_that_of_least_squares_with_its_interval() -> None:
    lengths = np.array([512, 1024, 2048, 4096, 8192])
    seconds = 3e-5 * lengths**1.4 * np.exp([0.05, -0.1, 0.02, 0.07, -0.04])
    found = linregress(np.log(lengths), np.log(seconds))
    reach = t.ppf(0.975, 3) * found.stderr
    np.testing.assert_allclose(
        fit_slope(lengths, seconds), (found.slope, found.slope - reach, found.slope + reach)
    )
    seconds[[1, 3]] = np.nan
    left = fit_slope(lengths, seconds)
    assert left[0] == pytest.approx(linregress(np.log(lengths[::2]), np.log(seconds[::2])).slope)
    seconds[0] = np.nan
    assert np.isnan(fit_slope(lengths, seconds)).all()


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ((1.02, 0.9, 1.1), "linear within"),
        ((1.9, 1.8, 2.1), "quadratic within"),
        ((1.5, 0.9, 2.1), "too uncertain"),
        ((1.5, 1.4, 1.6), "more than linear, less than quadratic"),
        ((2.5, 2.4, 2.6), "more than quadratic"),
        ((0.8, 0.7, 0.9), "less than linear"),
        ((float("nan"),) * 3, "too few lengths"),
    ],
)
def test_what_an_exponent_says_follows_from_its_interval(ends, says) -> None:
    assert says in words.grown(*ends)


@pytest.fixture(scope="module")
def result() -> Result:
    config = RaceConfig(channels=64, states=4, longest=512, repeats=2, budget_s=30)
    return race(config, QuietContext())


def test_a_race_has_a_time_of_everyone_and_tells_who_it_is_over(result: Result) -> None:
    names = result.notes["contestants"]
    assert set(names) | set(result.notes["missing"]) == set(NAMES)
    seconds = result.array("seconds")
    assert seconds.shape == (2, len(names), 4, 2)
    left = {(mode, name, length) for mode, name, length, _ in result.notes["left_out"]}
    for (m, mode), (n, name), (at, length) in itertools.product(
        enumerate(words.MODES), enumerate(names), enumerate((64, 128, 256, 512))
    ):
        assert np.isfinite(seconds[m, n, at]).all() == ((mode, name, length) not in left)
    for mode in words.MODES:
        ratio = words.of_chosen(result, mode)
        np.testing.assert_array_equal(ratio[names.index(result.notes["chosen"])], 1)
        for figure in (
            views.draw_times(result, Palette.light(), mode),
            views.draw_ratios(result, Palette.dark(), mode),
        ):
            assert check_axes(figure) == []
        # One length of 512 and more is too little for a line.
        assert set(views.slope_table(result, mode)["grows"]) == {"too few lengths to tell"}
    rows = views.time_table(result)
    assert {len(column) for column in rows.values()} == {2 * len(names) * 4}
    assert "load average" in words.describe_machine(result)
    assert words.describe_target(result) == ["The lab's own figure is set for 256 channels."]


def invented(loop: float, attention: float) -> Result:
    """Times that are known: the loop and attention take so many times as long as the kernel."""
    from engine.core.result import Field

    lengths = np.array([512, 1024, 2048])
    base = np.stack([1e-6 * lengths, loop * 1e-6 * lengths, attention * 1e-6 * lengths])
    seconds = np.broadcast_to(base[None, ..., None], (2, 3, 3, 3)) * np.array([1, 1.1, 0.9])
    slopes = np.array([[(1, 0.9, 1.1)] * 3] * 2)
    return Result(
        {
            "length": Field(lengths, ("length",)),
            "seconds": Field(seconds, ("mode", "contestant", "length", "repeat"), "s"),
            "slope": Field(slopes, ("mode", "contestant", "end")),
        },
        {"channels": 256, "states": 16, "batch": 1},
        {
            "contestants": ["c", "loop", "attention"],
            "chosen": "c",
            "missing": {"ssd": "no"},
            "left_out": [["both", "loop", 4096, "why"]],
            "fitted_from": 512,
        },
    )


@pytest.mark.parametrize(("loop", "attention"), [(7.0, 3.0), (4.0, 12.0)])
def test_the_target_is_judged_by_the_times(loop: float, attention: float) -> None:
    said = words.describe_target(invented(loop, attention))
    assert len(said) == 4
    for sentence, ratio in zip(said, (loop, attention) * 2, strict=True):
        assert f"{ratio:.1f} times" in sentence
        assert ("not reached" in sentence) == (ratio < 5)
    told = words.describe_ratios(invented(loop, attention), "forward")
    assert f"takes {loop:.1f} times" in told and "at 2,048 frames" in told
    assert words.describe_left_out(invented(1, 1)) == (
        "Left out: SSD (Mamba-2): no; plain loop, forward and backward, 4,096 frames: why."
    )


def test_the_short_form_is_the_recurrence_where_numbers_suffice() -> None:
    draw = np.random.default_rng(0)
    power, write = -draw.uniform(0, 0.2, (50, 3, 4)), draw.normal(size=(50, 3, 4))
    states = np.zeros((3, 4))
    for at in range(50):
        states = np.exp(power[at]) * states + write[at]
        for size in (4, 16, 0):
            np.testing.assert_allclose(
                overflow.short_form(power, write, size)[at], states, rtol=1e-9
            )
    for size in (4, 16, 0):
        slow = [max(-power[at - at % (size or 50) : at + 1].sum(0).min(), 0) for at in range(50)]
        np.testing.assert_allclose(overflow.exponents(power, size), slow)


@pytest.mark.parametrize("step", [0.1, 1.0, 5.0])
def test_the_short_form_breaks_where_its_exponent_leaves_float32(step: float) -> None:
    shown = overflow.show_overflow(step)
    for size, first in shown.first.items():
        past = np.flatnonzero(shown.exponent[size] > overflow.LARGEST_EXPONENT)
        assert (first is None) == (len(past) == 0)
        if first is not None:
            assert first == past[0]
            assert f"from frame {first:,}" in describe_overflow(shown)
    assert np.isfinite(shown.step).all() and shown.step.max() < 1e-5
    errors = draw_errors(shown, Palette.light())
    for figure in (errors, draw_exponents(shown, Palette.dark())):
        assert check_axes(figure) == []
    # The labels of events stand at the top, above every line.
    top = max(float(np.max(trace.y)) for trace in errors.data if len(trace.y))
    assert errors.layout.yaxis.range[1] > np.log10(2 * top)


def test_larger_steps_break_smaller_chunks() -> None:
    broken = {
        step: {size for size, first in overflow.show_overflow(step).first.items() if first}
        for step in (0.01, 0.1, 1.0, 5.0)
    }
    assert broken == {0.01: set(), 0.1: {0}, 1.0: {0, 16}, 5.0: {0, 4, 16}}


def test_the_short_form_is_no_back_end() -> None:
    dt, ones = torch.full((1, 512, 1), 5.0), torch.ones(1, 512, 1)
    for name in BACKENDS:
        if name in missing() or name == "triton":  # it needs a CUDA device
            continue
        A = torch.tensor([-16.0]) if name == "ssd" else torch.tensor([[-16.0]])
        from engine.models.ssm import selective_scan

        y = selective_scan(ones, dt, A, ones, ones, backend=name)
        torch.testing.assert_close(y, torch.full_like(y, 5.0))


def test_the_published_points_are_named_as_the_papers() -> None:
    figure = views.draw_published(Palette.light())
    assert check_axes(figure) == []
    assert "paper's own table" in figure.layout.meta["alt"]
