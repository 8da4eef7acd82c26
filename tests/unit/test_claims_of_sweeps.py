"""Published statements about formats beside a sweep: how each stands follows from the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import get_lab
from engine.core.result import Field, Result
from engine.labs.kv_cache.claims import CLAIMS
from engine.labs.kv_cache.views.sweep_claims import (
    FOUR_BITS,
    IN_HEAD,
    ROTATED,
    sweep_claims,
)
from engine.store import lookup

CLEAR, NOISE, LESS = (0.30, 0.25, 0.35), (0.01, -0.02, 0.03), (0.10, 0.08, 0.12)
Loss = tuple[float, float, float]


def sweep(
    points: dict[tuple[str, str], Loss],
    kl: dict[str, float] | None = None,
    side: str = "key",
    errors: tuple[float, ...] | None = None,
) -> Result:
    """A sweep of these points (format, order): loss with its interval."""
    values = np.array(list(points.values()))
    names = [name for name, _ in points]
    bits = np.array([2.0 if "2" in name else 4.0 for name in names])
    fields = {
        "delta_nll": values[:, 0],
        "delta_nll_low": values[:, 1],
        "delta_nll_high": values[:, 2],
        "bits_key": bits,
        "window_bits_key": bits,
        "kl_mean": np.array([(kl or {}).get(name, 0.01) for name in names]),
        "relative_rmse_key": np.array(errors or [0.1] * len(names)),
    }
    return Result(
        {name: Field(array, ("point",), "1") for name, array in fields.items()},
        {"nll_exact": 1.0},
        {"points": [{"id": name, "order": order} for name, order in points], "side": side},
    )


def standing(result: Result, statement: str) -> str | None:
    """How the claim whose statement holds these words stands; None where it is not made."""
    found = [claim for claim in sweep_claims(result) if statement in claim.statement]
    return found[0].standing if found else None


def test_every_published_statement_is_measured_or_says_why_not() -> None:
    lab = get_lab("kv_cache")
    told = {claim.statement for claim in lab.unmeasured()}
    for comparison in lab.comparisons():
        experiment = lab.experiment(comparison.experiment)
        result = lookup(lab, experiment, experiment.config.build(comparison.config))
        assert result is not None
        told |= {claim.statement for claim in comparison.claims(result)}
    assert told == {claim.statement for claim in CLAIMS}


@pytest.mark.parametrize(
    ("plain", "sorted_", "fine", "fine_sorted", "stands"),
    [
        (CLEAR, LESS, CLEAR, LESS, "holds"),
        (CLEAR, LESS, NOISE, NOISE, "partly"),
        (NOISE, NOISE, NOISE, NOISE, "not here"),
        (LESS, CLEAR, LESS, CLEAR, "not here"),
    ],
)
def test_sorting_gains_where_intervals_part(
    plain: Loss, sorted_: Loss, fine: Loss, fine_sorted: Loss, stands: str
) -> None:
    result = sweep(
        {
            ("bfp12:b32", "none"): plain,
            ("bfp12:b32", IN_HEAD): sorted_,
            ("bfp12:b8", "none"): fine,
            ("bfp12:b8", IN_HEAD): fine_sorted,
        }
    )
    assert standing(result, "sorting brings no gain at a block of 128") == stands


@pytest.mark.parametrize(("loss", "stands"), [(NOISE, "holds"), (CLEAR, "not here")])
def test_eight_bits_drop_in_where_no_loss_is_told_from_noise(loss: Loss, stands: str) -> None:
    assert standing(sweep({("mxfp8-e4m3", "none"): loss}), "drop-in") == stands


@pytest.mark.parametrize(("kl", "stands"), [(0.011, "not here"), (0.2, "partly"), (2.0, "holds")])
def test_errors_alike_are_compared_by_their_damage(kl: float, stands: str) -> None:
    points = {("mxfp4", "none"): NOISE, ("q4_0", "none"): NOISE}
    assert standing(sweep(points, {"q4_0": kl}), "errors of the same order") == stands


@pytest.mark.parametrize(("turned", "stands"), [(LESS, "holds"), (CLEAR, "not here")])
def test_a_rotation_wins_back_what_parts_from_the_loss_without(turned: Loss, stands: str) -> None:
    result = sweep({("q4_0", "none"): CLEAR, (f"q4_0{ROTATED}", "none"): turned})
    assert standing(result, "before q4_0") == stands


@pytest.mark.parametrize(
    ("plain", "turned", "stands"),
    [
        (CLEAR, NOISE, "holds"),
        (LESS, (0.02, -0.01, 0.09), "partly"),  # no loss, and the intervals meet
        (CLEAR, LESS, "partly"),  # less of a loss, and a loss still
        (LESS, CLEAR, "not here"),
    ],
)
def test_four_bits_are_enough_where_rotated_keys_lose_nothing_and_less(
    plain: Loss, turned: Loss, stands: str
) -> None:
    points = {(FOUR_BITS, "none"): plain, (f"{FOUR_BITS}{ROTATED}", "none"): turned}
    assert standing(sweep(points), "A rotation takes the outliers out") == stands
    assert standing(sweep({(FOUR_BITS, "none"): plain}), "A rotation takes") is None


@pytest.mark.parametrize(
    ("floats", "whole", "stands"),
    [
        (NOISE, CLEAR, "holds"),
        (NOISE, NOISE, "partly"),  # nothing resists int8
        (CLEAR, NOISE, "not here"),
        (CLEAR, CLEAR, "not here"),
    ],
)
def test_eight_bit_floats_are_judged_beside_int8(floats: Loss, whole: Loss, stands: str) -> None:
    result = sweep({("fp8-e4m3", "none"): floats, ("int8:token", "none"): whole})
    assert standing(result, "Eight-bit floats") == stands


@pytest.mark.parametrize(
    ("finer", "coarser", "errors", "stands"),
    [
        (LESS, CLEAR, (0.08, 0.12), "holds"),
        (NOISE, NOISE, (0.08, 0.12), "partly"),
        (LESS, CLEAR, (0.12, 0.08), "partly"),
        (CLEAR, LESS, (0.12, 0.08), "not here"),
    ],
)
def test_finer_scales_are_judged_by_error_and_by_loss(
    finer: Loss, coarser: Loss, errors: tuple[float, ...], stands: str
) -> None:
    points = {("nvfp4", "none"): finer, ("mxfp4", "none"): coarser}
    assert standing(sweep(points, errors=errors), "Blocks of 16") == stands


def test_codebooks_that_lose_at_three_bits_are_not_said_to_hold() -> None:
    names = [f"nuq{bits}:sparse1+pre-rope" for bits in (4, 3, 2)]
    losses = [NOISE, CLEAR, CLEAR]
    result = sweep({(name, "none"): loss for name, loss in zip(names, losses, strict=True)})
    assert standing(result, "one per cent of outliers") == "partly"
    assert standing(result, "Less than 0.1 perplexity") == "not here"


@pytest.mark.parametrize("side", ["value", "both"])
def test_a_sweep_of_values_says_nothing_of_keys(side: str) -> None:
    points = {("mxfp8-e4m3", "none"): NOISE}
    assert sweep_claims(sweep(points)) and not sweep_claims(sweep(points, side=side))


def test_errors_that_are_not_alike_are_not_compared() -> None:
    points = {("mxfp4", "none"): NOISE, ("q4_0", "none"): NOISE}
    found = sweep(points, {"q4_0": 2.0}, errors=(0.1, 0.5))
    assert standing(found, "errors of the same order") is None


def test_an_interval_below_nought_does_not_include_it() -> None:
    gain = (-0.02, -0.03, -0.01)
    points = {("kivi-2:g32:r128", "none"): gain, ("int2:token:head", "none"): CLEAR}
    words = [claim.verdict for claim in sweep_claims(sweep(points))]
    assert any("leaves out 0" in one for one in words)


def test_a_sweep_without_the_formats_claims_nothing_of_them() -> None:
    assert sweep_claims(sweep({("fp16", "none"): NOISE})) == ()
