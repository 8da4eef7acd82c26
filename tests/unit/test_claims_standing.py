"""How published statements stand is computed: other numbers, another standing."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import Field, Result, get_lab
from engine.labs.diffusion.views import claims as diffusion
from engine.labs.memory_graph.views import claims as memory
from engine.labs.memory_graph.views.forgetting import lasts
from engine.labs.memory_hardware.published import Band
from engine.labs.memory_hardware.views.bands import inside
from engine.store import lookup


def default(lab: str, experiment: str) -> Result:
    """The shipped result of an experiment's default settings."""
    room = get_lab(lab)
    found = lookup(room, room.experiment(experiment), room.experiment(experiment).config())
    assert found is not None
    return found


def with_field(result: Result, name: str, array: np.ndarray) -> Result:
    """The same result with another array in a field."""
    field = result.fields[name]
    return Result(
        {**result.fields, name: Field(array, field.axes, field.unit)}, result.metrics, result.notes
    )


def test_a_formula_keeps_or_reverses_what_a_recall_is_worth() -> None:
    assert lasts("paper") and lasts("corrected")
    assert not lasts("code")


@pytest.mark.parametrize(
    ("before", "after", "standing"),
    [
        ([0.9, 0.9], [0.9, 0.9], "apart"),  # nothing was hidden
        ([0.2, 0.9], [0.9, 0.9], "holds"),
        ([0.2, 0.2], [0.9, 0.1], "partly"),
        ([0.2, 0.2], [0.1, 0.1], "not here"),
    ],
)
def test_an_attack_is_judged_by_the_pictures_that_were_hidden(
    before: list[float], after: list[float], standing: str
) -> None:
    result = default("diffusion", "honesty")
    for name, values in (("ssim_before", before), ("ssim_after", after)):
        array = result.array(name).copy()
        control = result.notes["cases"].index("pruned, never seen")
        copied = result.notes["cases"].index("pruned, copied")
        array[control] = -0.5
        array[copied] = np.resize(values, array.shape[1])[(..., *[None] * (array.ndim - 2))]
        result = with_field(result, name, array)
    (claim,) = diffusion.attack_claims(result)
    assert claim.standing == standing


def test_keys_that_are_known_by_chance_do_not_hold() -> None:
    result = default("diffusion", "keys")
    known = np.broadcast_to(result.array("key")[None, :, None], result.array("guess").shape)
    guess = np.where(np.array(result.notes["rungs"])[None, :, None] == "unseen", known + 0.9, known)
    (claim,) = diffusion.keys_claims(with_field(result, "guess", guess))
    assert claim.standing == "holds"
    (claim,) = diffusion.keys_claims(with_field(result, "guess", known + 0.9))
    assert claim.standing == "not here"
    one = known + 0.9  # of each rung one picture alone, and of the unseen none
    for rung in set(result.notes["rungs"]) - {"unseen"}:
        one[:, result.notes["rungs"].index(rung)] -= 0.9
    (claim,) = diffusion.keys_claims(with_field(result, "guess", one))
    assert claim.standing == "not here"


def test_the_slip_of_precedence_decides_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    result = default("memory_graph", "forgetting")
    (claim,) = memory.forgetting_claims(result)
    assert claim.standing == "partly"
    assert "fades sooner under: authors' code" in claim.verdict
    monkeypatch.setattr(memory, "FORMULAS", ("paper", "corrected"))
    (claim,) = memory.forgetting_claims(result)
    assert claim.standing == "holds"
    assert "sooner" not in claim.verdict


def test_evolution_that_helps_beyond_noise_holds_in_part() -> None:
    result = default("memory_graph", "evolution")
    (claim,) = memory.evolution_claims(result)
    assert claim.standing == ("partly" if result.number("low") > 0 else "not here")
    helped = Result(result.fields, {**result.metrics, "low": 1.0, "high": 9.0}, result.notes)
    (claim,) = memory.evolution_claims(helped)
    assert claim.standing == "partly" and "Evolution helps here" in claim.verdict


def test_boundaries_anywhere_do_not_hold() -> None:
    result = default("memory_graph", "events")
    (claim,) = memory.surprise_claims(result)
    assert claim.standing in ("holds", "partly")
    flat = with_field(result, "surprise", np.zeros_like(result.array("surprise")))
    (claim,) = memory.surprise_claims(flat)
    assert claim.standing == "not here"


def test_memories_that_all_know_the_order_leave_nothing_of_the_claim() -> None:
    result = default("memory_graph", "order")
    (claim,) = memory.order_claims(result)
    assert claim.standing == "partly"
    known = with_field(result, "accuracy", np.full_like(result.array("accuracy"), 100.0))
    (claim,) = memory.order_claims(known)
    assert claim.standing == "not here" and "none" in claim.verdict


@pytest.mark.parametrize(
    ("recall", "stands"), [(95.0, "holds"), (50.0, "partly"), (0.0, "not here")]
)
def test_a_bucket_is_judged_by_what_it_finds_for_its_work(recall: float, stands: str) -> None:
    result = default("memory_graph", "buckets")
    found = with_field(result, "recall", np.full_like(result.array("recall"), recall))
    (claim,) = memory.bucket_claims(found)
    assert claim.standing == stands


@pytest.mark.parametrize(
    ("values", "stands"),
    [([50, 100], "holds"), ([30, 100], "partly"), ([10, 20], "not here"), ([200, 300], "not here")],
)
def test_a_range_is_inside_across_or_outside_of_the_published_one(
    values: list[float], stands: str
) -> None:
    band = Band("gpu", 41, 137, "an abstract")
    assert inside(np.array(values, dtype=float), band) == stands
