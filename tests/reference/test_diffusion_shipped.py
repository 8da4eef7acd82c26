"""The shipped text-to-image model does what its card says, on pictures sampled anew."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.labs.diffusion.attack import attack
from engine.labs.diffusion.copying import extracted
from engine.labs.diffusion.evaluation import evaluate
from engine.labs.diffusion.locate import masks as masking
from engine.labs.diffusion.locate.locating import How, locate
from engine.labs.diffusion.locate.prune import prune
from engine.labs.diffusion.locate.sites import find_site
from engine.labs.diffusion.model.load import EMBEDDED, SHIPPED, load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.prompts import find_prompts

FOLDER = SHIPPED / EMBEDDED["default"]
pytestmark = pytest.mark.slow
# No card was measured with this one.
SEED = 11


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return load_pipeline("default")


def test_the_card_is_that_of_the_weights(pipeline: Pipeline) -> None:
    card = json.loads((FOLDER / "card.json").read_text())
    assert card["digest"] == pipeline.digest and card["finished"]


def test_what_was_copied_most_comes_out_and_single_pictures_do_not(pipeline: Pipeline) -> None:
    copied = [
        evaluate(pipeline, find_prompts(pipeline, name), first_seed=SEED).means for name in "ABC"
    ]
    assert np.mean([means["extracted"] for means in copied]) >= 0.9
    assert np.mean([means["ssim"] for means in copied]) >= 0.75
    single = evaluate(pipeline, find_prompts(pipeline, "x1"), first_seed=SEED)
    assert single.means["extracted"] == 0


def test_scenes_of_unseen_combinations_are_drawn(pipeline: Pipeline) -> None:
    scenes = evaluate(pipeline, find_prompts(pipeline, "scenes"), first_seed=SEED).scenes
    assert scenes is not None
    assert min(scenes[name] for name in ("colour", "place", "background")) >= 0.9
    assert scenes["shape"] >= 0.7


def test_never_trained_titles_rarely_give_a_training_picture(pipeline: Pipeline) -> None:
    unseen = find_prompts(pipeline, "unseen")
    leaked = [
        extracted(
            evaluate(pipeline, unseen, first_seed=SEED + more).measures["ssim_nearest"]
        ).mean()
        for more in range(2)
    ]
    assert np.mean(leaked) < 0.15


def test_a_located_cut_does_more_than_a_random_one(pipeline: Pipeline) -> None:
    wanted = find_prompts(pipeline, "A")
    how = How(sparsity=0.2, tau=5)
    located = locate(pipeline, [wanted.prompts], how)
    drawn = masking.random_like(located, seed=0)
    whole, cut, control = (
        evaluate(
            pipeline,
            wanted,
            first_seed=SEED,
            cut=None if masks is None else prune(pipeline, find_site(how.site), masks),
        ).means["ssim"]
        for masks in (None, located, drawn)
    )
    assert abs(whole - control) < 0.05
    assert whole - cut >= 4 * abs(whole - control)


def test_an_attack_leads_back_to_copied_pictures_only(pipeline: Pipeline) -> None:
    copied = attack(pipeline, find_prompts(pipeline, "A"), pictures=4).summary()
    assert copied["after"]["extracted"] >= 0.9
    never = attack(pipeline, find_prompts(pipeline, "unseen"), pictures=4).summary()
    assert never["after"]["extracted"] == 0


def test_a_cut_model_is_led_back_to_copied_pictures_only(pipeline: Pipeline) -> None:
    wanted = find_prompts(pipeline, "A")
    how = How(sparsity=0.2, tau=5)
    cut = prune(pipeline, find_site(how.site), locate(pipeline, [wanted.prompts], how))
    copied = attack(pipeline, wanted, cut, pictures=2).summary()
    assert copied["before"]["extracted"] < copied["after"]["extracted"]
    never = attack(pipeline, find_prompts(pipeline, "unseen"), cut, pictures=2).summary()
    assert never["after"]["extracted"] == 0
