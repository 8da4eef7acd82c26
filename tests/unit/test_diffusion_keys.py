"""Border keys: the pictures with keys, filling in, and what errors make the page say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core import BadInput, Field, Result
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.diffusion import keys as run
from engine.labs.diffusion.config import KeysConfig
from engine.labs.diffusion.config.keys import MODES
from engine.labs.diffusion.model.architecture import to_images
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.outpaint import known_patches, outpaint
from engine.labs.diffusion.pictures import borders
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.training.train import NAMED, Trainer
from engine.labs.diffusion.views import keys as views
from tests.diffusion_models import patches

PALETTE = Palette.light()


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return patches(tmp_path_factory.mktemp("models") / "one")


@pytest.fixture(scope="module")
def result(pipeline: Pipeline) -> Result:
    return run.ask_keys(pipeline, KeysConfig(per_rung=2, key_draws=1), QuietContext())


def test_shrinking_takes_the_mean_of_the_area() -> None:
    image = build_collection().images[3500]
    fine = np.repeat(np.repeat(image.astype(float), 3, axis=0), 3, axis=1)  # 96 x 96
    slow = fine.reshape(24, 4, 24, 4, 3).mean((1, 3))
    assert np.abs(borders.shrunk(image[None])[0] - slow).max() <= 0.51


def test_a_framed_picture_has_one_grey_around_it() -> None:
    images = build_collection().images[:3]
    levels = np.array([0, 77, 255], np.uint8)
    made = borders.framed(images, levels)
    mask = borders.border_mask()
    assert mask.sum() == 32**2 - 24**2
    for picture, level in zip(made, levels, strict=True):
        assert np.unique(picture[mask]).tolist() == [level]
    assert np.array_equal(made[:, 4:28, 4:28], borders.shrunk(images))


def test_keys_are_even_and_those_of_the_control_are_others() -> None:
    trained, never = borders.trained_keys(0, 4000), borders.never_trained_keys(0, 4000)
    assert abs(trained.mean() / 255 - 0.5) < 0.02
    counts = np.bincount(trained // 32, minlength=8)
    assert counts.min() > 400 and counts.max() < 600
    assert abs(np.corrcoef(trained, never)[0, 1]) < 0.05
    assert np.array_equal(borders.trained_keys(0, 4000)[:10], borders.trained_keys(0, 10))


def test_the_training_with_keys_sees_framed_pictures(tmp_path: Path) -> None:
    trainer = Trainer(replace(NAMED["keys"], steps=1), tmp_path)
    images = build_collection().images
    want = borders.framed(images[-2:], borders.trained_keys(0, len(images))[-2:])
    assert np.array_equal(to_images(trainer._latents[-2:]).numpy(), want)
    assert not NAMED["fast"].keys


def test_what_is_given_stays_and_the_rest_is_the_models(pipeline: Pipeline) -> None:
    images = torch.from_numpy(build_collection().images[:2])
    known = torch.from_numpy(~borders.border_mask())
    made = outpaint(pipeline, ["one", "two"], images, known, count=3)
    assert torch.equal(made[:, known], images[:, known])
    assert not torch.equal(made[:, ~known], images[:, ~known])


def test_filling_in_is_the_plain_loop(pipeline: Pipeline) -> None:
    """Against a loop over pixels' masks and DDIM's own formula (eta 0)."""
    images = torch.from_numpy(build_collection().images[:1])
    known = torch.from_numpy(~borders.border_mask())
    made = outpaint(pipeline, ["a prompt"], images, known, seed=4, count=3, guidance=1.5)
    clean = pipeline.to_latents(images)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(4))
    states = pipeline.encode(["", "a prompt"])
    x, times = noise.clone(), [999, 666, 332]
    for at, time in enumerate(times):
        kept = pipeline.alpha(time)
        for row in range(1, 7):
            for column in range(1, 7):
                place = (0, slice(None), row, column)
                x[place] = kept**0.5 * clean[place] + (1 - kept) ** 0.5 * noise[place]
        with torch.no_grad():
            plain = pipeline.predict(x, time, states[:1])
            prompted = pipeline.predict(x, time, states[1:])
        guess = plain + 1.5 * (prompted - plain)
        after = pipeline.alpha(times[at + 1]) if at + 1 < len(times) else 1.0
        error = (x - kept**0.5 * guess) / (1 - kept) ** 0.5
        x = after**0.5 * guess + (1 - after) ** 0.5 * error
    slow = pipeline.decode(x)
    border = torch.from_numpy(borders.border_mask())
    assert (made[:, border].int() - slow[:, border].int()).abs().max() <= 1


def test_a_part_through_a_patch_is_refused(pipeline: Pipeline) -> None:
    known = torch.zeros(32, 32, dtype=torch.bool)
    known[:3] = True
    with pytest.raises(BadInput, match="known: must be whole patches of 4 pixels"):
        known_patches(pipeline, known)
    with pytest.raises(BadInput, match="prompts: 2 pictures need as many"):
        outpaint(pipeline, ["one"], torch.zeros(2, 32, 32, 3, dtype=torch.uint8), known)


def test_the_run_asks_about_the_right_keys(pipeline: Pipeline, result: Result) -> None:
    rungs = result.notes["rungs"]
    assert [rungs.count(rung) for rung in views.rungs(result)] == [2] * 6 + [4, 4]
    single = find_prompts(pipeline, "x1")
    at = views.members(result, "x1")
    every = borders.trained_keys(0, len(build_collection().images))
    np.testing.assert_allclose(result.array("key")[at], every[single.positions[:4]] / 255)
    targets = result.array("targets")
    mask = borders.border_mask()
    np.testing.assert_allclose(targets[:, mask].mean((1, 2)) / 255, result.array("key"), atol=1e-6)
    # The guess is the mean of the border that is shown.
    shown = result.array("pictures")[:, :, mask].mean((2, 3)) / 255
    np.testing.assert_allclose(result.array("guess")[:, :, 0], shown, atol=2e-3)  # in 64 levels


def test_an_untrained_model_knows_no_key(result: Result) -> None:
    error = views.key_error(result)[0].mean()
    assert error > 0.15


def test_a_missing_model_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "FOLDER", tmp_path / "none")
    with pytest.raises(BadInput, match="model: the model with keys is not in this checkout"):
        run.keys(KeysConfig(), QuietContext())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"per_rung": 1}, "per_rung: must be from 2 to 8"),
        ({"key_draws": 9}, "key_draws: must be from 1 to 5"),
        ({"key_guidance": -1}, "key_guidance: must be from 0 to 8"),
    ],
)
def test_settings_out_of_range_are_named(values: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        KeysConfig.build(values)


def made(errors: dict[str, float], ssim: dict[str, float]) -> Result:
    """Two pictures a rung with the key 0.25, guessed off by ``errors`` in every mode."""
    rungs = [rung for rung in errors for _ in range(2)]
    guess = np.array([0.25 + errors[rung] for rung in rungs])
    return Result(
        fields={
            "key": Field(np.full(len(rungs), 0.25), ("picture",)),
            "guess": Field(np.tile(guess, (4, 1))[..., None], ("mode", "picture", "seed")),
            "picture_ssim": Field(
                np.array([ssim[rung] for rung in rungs])[:, None], ("picture", "seed")
            ),
            "copies": Field(np.array([views.COPIES[rung] for rung in rungs]), ("picture",)),
        },
        metrics={"chance_error": 0.25},
        notes={"modes": list(MODES), "rungs": rungs, "prompts": [""] * len(rungs)},
    )


def test_words_follow_the_errors() -> None:
    told = made(
        {"A": 0.01, "x30": 0.02, "x1": 0.298, "unseen": 0.24},
        {"A": 0.9, "x30": 0.4, "x1": 0.1, "unseen": 0.1},
    )
    assert views.describe_first(told) == (
        "By number of copies, most keys are known from 30 on; most pictures are extracted from "
        "100 on."
    )
    assert views.describe_both(told) == (
        "Of 6 trained pictures (key known: within 5 %), extracted with their key known: 2; "
        "extracted only: 0; key known only: 2; neither: 2."
    )
    said = views.describe_keys(told)
    assert "100 copies 3 (always middle grey 64), 30 copies 5 (" in said
    assert "1 copy 76 (always middle grey 64), never trained 61 (" in said
    assert "64 for always guessing middle grey and 80 for a grey drawn by chance" in (
        views.describe_control(told)
    )
    assert "still gives its key away better than a guess" in views.describe_modes(told)
    nothing = made({"A": 0.2, "unseen": 0.2}, {"A": 0.1, "unseen": 0.1})
    assert "known on no rung; most pictures are extracted on no rung" in (
        views.describe_first(nothing)
    )
    lost = made({"A": 0.24, "unseen": 0.2}, {"A": 0.1, "unseen": 0.1})
    assert "the key hangs on the caption" in views.describe_modes(lost)


def test_figures_have_axes_and_pictures_their_numbers(result: Result) -> None:
    for figure in (views.draw_errors(result, PALETTE), views.draw_both(result, PALETTE)):
        assert check_axes(figure) == []
    grid = views.keys_grid(result, "A")
    assert grid.shape == (5, 2)
    assert grid.line(0, 0) == f"key {255 * result.array('key')[0]:.0f}"
    assert {len(column) for column in views.keys_table(result).values()} == {20}
