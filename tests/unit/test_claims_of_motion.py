"""Claims about measures and layers of motion: other numbers, another standing."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import Field, Result, get_lab
from engine.labs.motion.views.method_claims import (
    duality_speed_claims,
    seam_claims,
    surely_more,
    times_as_long,
)
from engine.store import lookup

WILD, EASED, QUIET = [0.8, 0.9, 1.0, 0.9], [0.1, 0.2, 0.1, 0.2], [0.1, 0.2, 0.1, 0.2]


def story(cut: list[float], eased: list[float], quiet: list[float]) -> Result:
    """A story with seams of these peaks, and a peak in each 20 frames away from them."""
    curve = np.concatenate([[peak, *[0.0] * 19] for peak in quiet])
    return Result(
        {
            "seam_jerk_cut": Field(np.array(cut), ("seam",)),
            "seam_jerk_inertial": Field(np.array(eased), ("seam",)),
            "jerk": Field(curve, ("moment",)),
            "seams": Field(np.array([], int), ("seam",)),
        },
        {},
        {},
    )


@pytest.mark.parametrize(
    ("cut", "eased", "quiet", "stands"),
    [
        (WILD, EASED, QUIET, "holds"),
        (WILD, EASED, WILD, "partly"),  # as wild away from seams
        (WILD, WILD, QUIET, "partly"),
        (EASED, EASED, WILD, "not here"),
    ],
)
def test_peaks_of_jerk_are_judged_beside_eased_seams_and_quiet_stretches(
    cut: list[float], eased: list[float], quiet: list[float], stands: str
) -> None:
    (told,) = seam_claims(story(cut, eased, quiet))
    assert told.standing == stands


def test_one_seam_tells_nothing_of_noise() -> None:
    assert not seam_claims(story([0.9], [0.1], QUIET))
    assert not surely_more(np.array([0.0, 1.0]), np.array([0.0, 0.9]))


def race(c: float, loop: float, spread: float = 0.0, chosen: str = "c") -> Result:
    """Times of the scans over those of SSD, which takes a second; five repeats that spread."""
    one = np.ones((2, 1, 2, 5))
    around = np.linspace(-spread, spread, 5)
    seconds = np.concatenate([one * c + around, one * loop, one], axis=1)
    return Result(
        {
            "seconds": Field(seconds, ("mode", "contestant", "length", "repeat")),
            "length": Field(np.array([64, 4096]), ("length",)),
        },
        {},
        {"contestants": ["c", "loop", "ssd"], "chosen": chosen},
    )


@pytest.mark.parametrize(
    ("c", "spread", "stands", "words"),
    [
        (3.0, 0.5, "holds", "3.0 times as fast here as the C kernel"),
        (3.0, 1.5, "partly", "3.0 times as fast"),  # one repeat is under twice
        (1.0, 0.2, "not here", "take the same time"),
        (0.5, 0.1, "not here", "takes 2.0 times as long here"),
    ],
)
def test_the_speed_of_ssd_is_judged_by_every_repeat(
    c: float, spread: float, stands: str, words: str
) -> None:
    (told,) = duality_speed_claims(race(c, 6.0, spread))
    assert told.standing == stands and words in told.verdict
    assert "faster than the plain loop" in told.verdict and "4,096 frames" in told.measured


def test_without_a_kernel_the_chosen_scan_is_the_rival() -> None:
    (told,) = duality_speed_claims(race(0.5, 6.0, chosen="loop"))
    assert told.standing == "holds" and "as the plain loop" in told.verdict


def test_what_was_not_run_claims_nothing() -> None:
    result = race(3.0, 6.0)
    times = result.array("seconds").copy()
    times[:, 0] = np.nan
    fields = {**result.fields, "seconds": Field(times, result.fields["seconds"].axes)}
    left = Result(fields, {}, result.notes)
    assert times_as_long(left, "forward", "c") is None
    assert not duality_speed_claims(left)
    assert not duality_speed_claims(
        Result(result.fields, {}, {**result.notes, "contestants": ["c", "loop", "attention"]})
    )


def test_both_papers_stand_with_a_claim_of_what_ships() -> None:
    lab = get_lab("motion")
    told = set()
    for comparison in lab.comparisons():
        experiment = lab.experiment(comparison.experiment)
        result = lookup(lab, experiment, experiment.config.build(comparison.config))
        assert result is not None
        told |= {claim.paper for claim in comparison.claims(result)}
    assert {f"https://arxiv.org/abs/{number}" for number in ("2402.15509", "2405.21060")} <= told
