"""Figures of cards against the bars: verdicts follow from mean, bar, size and seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.core.result import Field, Result
from engine.labs.motion.views.goals import (
    describe_bars,
    describe_free,
    describe_goals,
    describe_speed,
    goal_rows,
    judge_goals,
)


def spread(mean: float, least: float | None = None, greatest: float | None = None) -> dict:
    return {
        "mean": mean,
        "least": mean if least is None else least,
        "greatest": mean if greatest is None else greatest,
    }


def card(size: str, **figures: dict[str, Any]) -> dict[str, Any]:
    names = {"action": "action_accuracy.all", "turns": "checks.turn_sign.agree",
             "counted": "checks.turn_sign.clips"}  # fmt: skip
    return {
        "settings": {"size": size},
        "val_clips": 140,
        "sampling_seeds": 3,
        "figures": {names.get(name, name): found for name, found in figures.items()},
    }


@pytest.mark.parametrize(("size", "reached"), [("small", True), ("large", False)])
def test_the_bar_is_that_of_the_models_size(size: str, reached: bool) -> None:
    (one,) = judge_goals({"kmm": card(size, action=spread(0.85))})
    assert one.reached is reached
    assert one.bar == (0.80 if size == "small" else 0.92)


def test_a_mean_over_the_bar_with_a_seed_below_it_is_told_so() -> None:
    (one,) = judge_goals({"kmm": card("large", action=spread(0.93, 0.91, 0.95))})
    assert one.reached and not one.every_seed
    assert one.verdict == "reached in the mean, the seeds differ"
    (row,) = goal_rows({"kmm": card("large", action=spread(0.93, 0.91, 0.95))})
    assert row["Seeds"] == "0.910 to 0.950" and row["Clips"] == "up to 140 × 3"


def test_jerk_and_skating_are_judged_as_multiples_of_the_real_clips() -> None:
    figures = {"jerk": spread(0.06), "real_jerk": spread(0.04), "skate": spread(0.05),
               "real_skate": spread(0.05)}  # fmt: skip
    jerk, skate = judge_goals({"transformer": card("large", **figures)})
    assert (jerk.mean, jerk.reached) == (pytest.approx(1.5), False)
    assert (skate.mean, skate.reached) == (pytest.approx(1.0), True)
    jerk, _ = judge_goals({"transformer": card("small", **figures)})
    assert jerk.reached  # at most twice


def test_what_was_not_measured_is_not_judged() -> None:
    assert judge_goals({"kmm": card("large", action={"mean": None}, jerk=spread(0.04))}) == []


def test_sentences_name_what_is_missed_and_which_bars_hold() -> None:
    found = {
        "kmm": card("large", action=spread(0.97), turns=spread(1.0), counted=spread(19.0)),
        "transformer": card("small", action=spread(0.7)),
    }
    assert describe_goals(found) == [
        "KMM reaches 2 of 2 goals.",
        "Transformer reaches 0 of 1 goals; not reached: action accuracy 0.700 (bar 0.80).",
    ]
    told = describe_bars(found)
    assert "KMM: those of a better model" in told and "Transformer: those of a small model" in told
    assert [row["Clips"] for row in goal_rows(found)][-1] == "19 × 3"


@pytest.mark.parametrize(
    ("frames", "spent", "said"),
    [(101, 0.25, ": reached with 0.25"), (101, 1.5, "not reached with 1.50"), (41, 0.1, "")],
)
def test_the_time_of_a_clip_of_five_seconds(frames: int, spent: float, said: str) -> None:
    result = Result(
        fields={"jerk": Field(np.zeros((1, frames), np.float32), ("model", "frame"), "m/frame³")},
        notes={"models": ["kmm"], "cpu_seconds": [spent]},
    )
    told = describe_speed(result)
    assert (said in told) and (bool(told) == bool(said))


def test_skating_without_held_feet_stands_beside_the_goals() -> None:
    held = card("large", skate=spread(0.09), skate_free=spread(0.18), real_skate=spread(0.08))
    assert "2.25" in describe_free({"motion-mamba": held})
    assert describe_free({"motion-mamba": card("large", real_skate=spread(0.08))}) == ""
