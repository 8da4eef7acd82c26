"""Claims about extraction, detectors and mitigations: other numbers, another standing."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import Field, Result, get_lab
from engine.core.claims import Claim
from engine.labs.diffusion.mitigate.names import METHODS
from engine.labs.diffusion.views.method_claims import (
    BASIN,
    NEMO,
    SOMEPALLI,
    basin_claims,
    ladder_claims,
    mitigation_claims,
    one_step_claims,
)
from engine.labs.diffusion.views.race_measures import hiding
from engine.store import lookup

NAMES = list(METHODS)
PICTURES, SCENES = 8, 10
COPY, NONE = 0.95, 0.1


def shipped(experiment: str, **config: object) -> Result:
    """The shipped result of an experiment."""
    lab = get_lab("diffusion")
    held = lab.experiment(experiment)
    found = lookup(lab, held, held.config.build(config))
    assert found is not None
    return found


def changed(result: Result, name: str, array: np.ndarray) -> Result:
    """The same result with another array in a field."""
    field = result.fields[name]
    return Result(
        {**result.fields, name: Field(array, field.axes, field.unit)}, result.metrics, result.notes
    )


def race(
    left: dict[str, int],
    lost: dict[str, int] | None = None,
    found: int = 300,
    reached: bool = False,
    blocked: int = 500,
) -> Result:
    """A race of one seed: copies that a method leaves of 8 (all, where it is not named).

    ``lost``: in how many of 10 scenes a method spoils the only attribute.
    """
    ssim = np.full((len(NAMES), 1, PICTURES), COPY)
    right = np.ones((len(NAMES), 1, SCENES, 1), bool)
    for at, name in enumerate(NAMES):
        ssim[at, 0, left.get(name, PICTURES) :] = NONE
        right[at, 0, : (lost or {}).get(name, 0)] = False
    facts = {
        "found": [found] * PICTURES,
        "reached": [reached] * PICTURES,
        "blocked": blocked,
        "neurons": 528,
    }
    return Result(
        {
            "ssim": Field(ssim, ("method", "seed", "picture")),
            "right": Field(right, ("method", "seed", "scene", "attribute")),
            "targets": Field(
                np.zeros((PICTURES, 2, 2, 3)), ("picture", "row", "column", "channel")
            ),
        },
        {},
        {"methods": NAMES, "facts": {"values": facts}, "attributes": ["colour"]},
    )


def claim(result: Result, paper: str) -> Claim:
    """The claim of a paper out of a race."""
    (found,) = (one for one in mitigation_claims(result) if one.paper == paper)
    return found


@pytest.mark.parametrize(
    ("left", "stands"),
    [
        (dict.fromkeys(("words", "numbers", "repeats", "noise"), 0), "holds"),
        ({"words": 1}, "partly"),
        ({"words": 7, "noise": 7}, "not here"),  # one picture of eight is noise
        ({}, "not here"),
    ],
)
def test_random_text_is_judged_by_the_copies_it_leaves(left: dict[str, int], stands: str) -> None:
    assert claim(race(left), SOMEPALLI).standing == stands


def test_the_verdict_names_what_hides_and_what_does_not() -> None:
    told = claim(race({"words": 0, "numbers": 1}), SOMEPALLI)
    assert "with random words and random numbers, not with repeated words" in told.verdict
    assert "random words leaves 0" in told.measured
    told = claim(race({}), SOMEPALLI)
    assert told.verdict.startswith("No fewer copies with random words")


@pytest.mark.parametrize(
    ("left", "lost", "stands"),
    [
        ({"delayed": 0, "opposite": 0, "dynamic": 0}, {}, "holds"),
        ({"delayed": 0, "opposite": 0, "dynamic": 0}, {"opposite": 8}, "partly"),
        ({"opposite": 0}, {}, "partly"),
        ({"delayed": 7, "dynamic": 7}, {}, "not here"),
    ],
)
def test_guidance_is_judged_by_copies_and_by_what_it_spoils(
    left: dict[str, int], lost: dict[str, int], stands: str
) -> None:
    told = claim(race(left, lost), BASIN)
    assert told.standing == stands
    assert ("scenes lose attributes" in told.verdict) == bool(lost)


def test_opposite_guidance_is_compared_with_delayed_beyond_noise() -> None:
    assert "leaves fewer copies" in claim(race({"delayed": 6, "opposite": 0}), BASIN).verdict
    assert "leaves no fewer" in claim(race({"delayed": 1, "opposite": 0}), BASIN).verdict


@pytest.mark.parametrize(
    ("left", "facts", "stands"),
    [
        ({"values": 0}, {"found": 2, "reached": True, "blocked": 9}, "holds"),
        ({"values": 0}, {"found": 200, "reached": True}, "partly"),
        ({"values": 0}, {"found": 2, "reached": False}, "partly"),
        ({"values": 0, "values_random": 0}, {"found": 2, "reached": True}, "not here"),
        ({}, {"found": 2, "reached": True}, "not here"),
    ],
)
def test_neurons_are_judged_beside_as_many_at_random(
    left: dict[str, int], facts: dict[str, int], stands: str
) -> None:
    assert claim(race(left, **facts), NEMO).standing == stands


def test_a_control_that_blocks_the_same_neurons_is_said_to_tell_nothing() -> None:
    both = {"values": 0, "values_random": 0}
    assert "mostly the same" in claim(race(both, blocked=500), NEMO).verdict
    assert "mostly the same" not in claim(race(both, blocked=20), NEMO).verdict


def test_where_no_copy_comes_out_no_method_is_judged() -> None:
    assert not mitigation_claims(race(dict.fromkeys(NAMES, 0)))
    assert not mitigation_claims(shipped("race", model="twin", seeds=1))


def test_one_prompt_tells_nothing_from_noise() -> None:
    result = race({"words": 0})
    one = changed(result, "ssim", result.array("ssim")[:, :, -1:])
    assert hiding(result, "words").shows and not hiding(one, "words").shows


def ladder(rates: dict[int, float], copies: bool = True) -> Result:
    """The shipped ladder with these shares of extracted pictures on the rungs, none on others."""
    result = shipped("ladder")
    ssim, rungs = result.array("ssim").copy(), result.array("copies")
    for rung in sorted(set(rungs.tolist()) - {-1}):
        at = np.flatnonzero(rungs == rung)
        ssim[:, at] = NONE
        ssim[:, at[: round(rates.get(rung, 0) * len(at))]] = COPY
    found = changed(result, "ssim", ssim)
    return Result(found.fields, found.metrics, {**found.notes, "trained_copies": copies})


@pytest.mark.parametrize(
    ("rates", "copies", "stands"),
    [
        ({1: 1.0, 100: 1.0}, True, "holds"),
        ({100: 1.0}, True, "partly"),
        ({100: 1.0}, False, "holds"),  # all were trained once, whatever the rung is called
        ({}, True, "not here"),
        ({1: 1 / 24}, True, "not here"),  # one picture of 24 is noise
        ({0: 1.0, 1: 1.0}, True, "not here"),  # so do titles that were never trained
    ],
)
def test_single_pictures_are_told_from_repeated_ones(
    rates: dict[int, float], copies: bool, stands: str
) -> None:
    (told,) = ladder_claims(ladder(rates, copies))
    assert told.standing == stands


def test_a_model_without_copies_emits_no_training_picture() -> None:
    (told,) = ladder_claims(shipped("ladder", model="twin"))
    assert told.standing == "not here"
    (told,) = ladder_claims(shipped("ladder"))
    assert told.standing == "partly" and "from 20 copies on" in told.verdict


def test_scores_of_one_step_hold_where_no_class_turns_them_round() -> None:
    result = shipped("detection")
    (told,) = one_step_claims(result)
    assert told.standing == "partly" and "against scenes" in told.verdict
    names = [row["name"] for row in result.notes["classes"]]
    copied = np.isin(result.array("class"), [names.index(name) for name in ("A", "B", "C")])
    seeds = result.array("white_box").shape[1]
    clear = np.where(copied, 1.0, 0.0)[:, None].repeat(seeds, 1)
    for name, values in (("white_box", clear), ("edges", clear)):
        result = changed(result, name, values.reshape(result.array(name).shape))
    (told,) = one_step_claims(result)
    assert told.standing == "holds" and "wrong way" not in told.verdict
    (told,) = one_step_claims(shipped("detection", model="twin"))
    assert told.standing == "not here"


@pytest.mark.parametrize(
    ("copied", "control", "stands"),
    [
        ([1, 1, 1, 0], [1, 0.6, 0.5, 0.4], "holds"),
        ([1, 0, 0, 0], [1, 0.6, 0.5, 0.4], "partly"),
        ([1, 0.6, 0.5, 0.4], [1, 0.6, 0.5, 0.4], "not here"),
    ],
)
def test_a_basin_is_wider_and_sharper_than_that_of_the_control(
    copied: list[float], control: list[float], stands: str
) -> None:
    result = shipped("basin")
    share = changed(result, "share", np.linspace(0, 1, 4))
    start = np.array([[copied], [copied], [control]])
    (told,) = basin_claims(changed(share, "start", start))
    assert told.standing == stands


def test_every_paper_of_a_method_has_a_claim_or_a_reason() -> None:
    lab = get_lab("diffusion")
    told = {claim.paper for claim in lab.unmeasured()}
    for comparison in lab.comparisons():
        found = comparison.claims(shipped(comparison.experiment, **comparison.config))
        told |= {claim.paper for claim in found}
    arxiv = ("2301.13188", "2305.20086", "2305.08694", "2605.26756", "2411.16738", "2406.02366")
    assert told.issuperset(f"https://arxiv.org/abs/{number}" for number in arxiv)
