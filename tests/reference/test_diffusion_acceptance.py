"""What the shipped results of the bench and of the attack must show, and one cell computed anew."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import Result, get_lab
from engine.core.context import QuietContext
from engine.labs.diffusion.config import GridConfig
from engine.labs.diffusion.copying import EXTRACTED
from engine.store.lookup import load_shipped

SETS = {"A": slice(0, 8), "B": slice(8, 16), "C": slice(16, 24)}


def shipped(name: str) -> Result:
    experiment = get_lab("diffusion").experiment(name)
    result = load_shipped("diffusion", experiment.digest("diffusion", experiment.config()))
    assert result is not None, "make ship"
    return result


def ssim(result: Result, mask: str) -> np.ndarray:
    """SSIM to the training picture, (seeds, pictures)."""
    at = result.notes["measures"].index("ssim")
    return result.array("copies")[result.notes["masks"].index(mask), :, :, at]


def test_the_whole_model_gives_every_copied_picture_with_three_seeds() -> None:
    values = ssim(shipped("bench"), "whole")
    assert values.shape == (3, 24)
    assert (values > EXTRACTED).mean() >= 0.9 and values.mean() >= 0.75


@pytest.mark.parametrize("name", SETS)
def test_as_many_weights_at_random_change_little(name: str) -> None:
    result = shipped("bench")
    whole, drawn = (ssim(result, mask)[:, SETS[name]].mean(1) for mask in ("whole", "random"))
    assert (np.abs(whole - drawn) < 0.05).all()  # in every seed


def test_the_located_cut_lowers_its_own_set_most() -> None:
    result = shipped("bench")
    falls = {
        (mask, name): float((ssim(result, "whole")[:, place] - ssim(result, mask)[:, place]).mean())
        for mask in ("located", "random", "unseen", "scenes")
        for name, place in SETS.items()
    }
    assert falls["located", "A"] >= 4 * abs(falls["random", "A"])
    # The wrong sets' masks do less to A, and the located one does less to what it was not
    # located from.
    assert max(falls["unseen", "A"], falls["scenes", "A"]) < falls["located", "A"]
    assert max(falls["located", "B"], falls["located", "C"]) < falls["located", "A"]


def test_scenes_are_still_drawn_by_the_whole_model() -> None:
    result = shipped("bench")
    right = result.array("right")[result.notes["masks"].index("whole")].mean((0, 1))
    judged = dict(zip(result.notes["attributes"], right.tolist(), strict=True))
    assert min(judged[name] for name in ("colour", "place", "background")) >= 0.9
    assert judged["shape"] >= 0.7


def test_an_attack_on_the_cut_model_leads_back_and_its_controls_do_not() -> None:
    result = shipped("honesty")
    after = {
        case: float((values > EXTRACTED).mean())
        for case, values in zip(result.notes["cases"], result.array("ssim_after"), strict=True)
    }
    before = result.array("ssim_before")[0] > EXTRACTED
    assert after["pruned, copied"] > before.mean()
    assert after["unpruned, copied"] >= 0.9
    assert after["pruned, never seen"] == after["unpruned, never seen"] == 0


@pytest.mark.slow
def test_a_cell_of_the_grid_is_computed_again() -> None:
    kept = shipped("grid")
    config = GridConfig(sparsities="0.2", taus="5", seeds=1)
    fresh = get_lab("diffusion").experiment("grid").load_run()(config, QuietContext())
    row = kept.array("sparsities").tolist().index(0.2)
    column = kept.array("taus").tolist().index(5)
    # Another processor sums in another order: a weight at a tie may fall to the other side.
    counts = (fresh.array("cut")[0, 0, 0], kept.array("cut")[row, column, 0])
    np.testing.assert_allclose(*counts, rtol=0.005)
    bits = np.unpackbits(fresh.array("bits")[0, 0] ^ kept.array("bits")[row, column])
    assert bits.mean() < 1e-3
    for mask in range(len(kept.notes["masks"])):
        np.testing.assert_allclose(
            fresh.array("copies")[0, 0, mask, 0, :, 0],
            kept.array("copies")[row, column, mask, 0, :, 0],
            atol=0.05,
        )
