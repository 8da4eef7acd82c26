"""The token view: maps and entropies as computed openly, words that are left out, and sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.core import BadInput, Result
from engine.core.context import QuietContext
from engine.core.result import Field
from engine.figures import Palette, check_axes
from engine.labs.diffusion import copying, keywords, kinds, tokens
from engine.labs.diffusion.config import TokensConfig, WordsConfig
from engine.labs.diffusion.evaluation import training_pictures
from engine.labs.diffusion.layer_names import in_running_order, layer_label
from engine.labs.diffusion.model.attention import Attention, cross_layers
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.sampler import first_noise, sample, sample_states, steps
from engine.labs.diffusion.views import evidence, token_entropy
from engine.labs.diffusion.views import keywords as word_views
from engine.labs.diffusion.views import tokens as views
from tests.diffusion_models import patches, save_latent, save_patches

LIGHT = Palette.light()
PROMPT = "the painting hidden window by bellini"


def few_steps(pipeline: Pipeline, states: Tensor, *, noise: Tensor) -> Tensor:
    return sample_states(pipeline, states, noise=noise, count=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_patches(tmp_path_factory.mktemp("patches"))


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return patches(tmp_path_factory.mktemp("opened"))


@pytest.fixture(scope="module")
def done(folder: Path) -> Result:
    return tokens.run(TokensConfig(model=str(folder), steps=2), QuietContext())


@pytest.fixture(scope="module")
def worded(folder: Path) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keywords, "sample_states", few_steps)
        config = WordsConfig(model=str(folder), swaps=1, seeds=2)
        return keywords.run(config, QuietContext())


def test_maps_and_entropies_are_those_of_the_open_attention(
    done: Result, pipeline: Pipeline
) -> None:
    seen: list[tuple[str, Tensor]] = []
    watch = Attention(see=lambda name, shares: seen.append((name, shares)))
    states = pipeline.encode(["", PROMPT])
    noise = first_noise(pipeline, 1, 0)
    list(steps(pipeline, states, noise, count=2, attention=lambda _: watch))
    layers = in_running_order(cross_layers(pipeline.unet))
    assert len(seen) == 2 * len(layers)
    names = done.notes["tokens"]
    assert names == ["<start>", *PROMPT.split(), "<end>", "padding"]
    for index, (name, shares) in enumerate(seen):
        step, layer = index // len(layers), layers.index(name)
        told = shares[1].double().numpy()  # heads places tokens, the half with the prompt
        side = int(np.sqrt(told.shape[1]))
        own = done.array("map")[step, layer].astype(float)
        for row, column in ((0, 0), (3, 6), (7, 7)):
            place = (row * side // 8) * side + column * side // 8
            want = sum(head[place] for head in told) / len(told)
            assert own[row, column, :8] == pytest.approx(want[:8], abs=1e-3)
            assert own[row, column, 8] == pytest.approx(want[8:].sum(), abs=1e-3)
        mean = told.mean((0, 1))
        entropy = -sum(a * np.log(a) for a in mean)
        assert done.array("entropy")[step, layer] == pytest.approx(entropy, abs=1e-4)
    assert np.allclose(done.array("map").astype(float).sum(-1), 1, atol=5e-3)


def test_watching_does_not_change_the_picture(done: Result, pipeline: Pipeline) -> None:
    alone = sample(pipeline, [PROMPT], count=2).numpy()[0]
    assert np.abs(done.array("picture").astype(int) - alone).max() <= 1
    assert done.array("preview").shape == (2, 32, 32, 3)


def test_layers_stand_in_the_order_of_their_calls(pipeline: Pipeline) -> None:
    called: list[str] = []
    watch = Attention(see=lambda name, _: called.append(name))
    states, noise = pipeline.encode(["", PROMPT]), first_noise(pipeline, 1, 0)
    list(steps(pipeline, states, noise, count=1, attention=lambda _: watch))
    assert in_running_order(cross_layers(pipeline.unet)) == called
    labels = [layer_label(name) for name in called]
    assert len(set(labels)) == len(labels) and labels[0] == "down 1, layer 1"


@pytest.mark.parametrize("side", [2, 4, 8, 16])
def test_maps_of_every_size_come_on_one_grid_and_keep_their_mean(side: int) -> None:
    given = torch.rand(side * side, 3)
    placed = tokens.on_grid(given)
    assert placed.shape == (8, 8, 3)
    torch.testing.assert_close(placed.mean((0, 1)), given.mean(0))
    if side <= 8:
        assert placed[7, 0, 1] == given.view(side, side, 3)[side - 1, 0, 1]
    with pytest.raises(BadInput, match="no square"):
        tokens.on_grid(torch.rand(12, 3))


def test_evidence_is_the_nearest_of_all_training_pictures(done: Result) -> None:
    data, made = build_collection(), done.array("picture").astype(float)
    apart = np.sqrt((((data.images - made) / 255) ** 2).mean((1, 2, 3)))
    order = np.argsort(apart, kind="stable")[:6]
    assert done.notes["near_captions"] == [data.captions[at] for at in order]
    assert done.array("distance") == pytest.approx(apart[order], abs=1e-4)
    fifty = np.sort(apart)[:50]
    assert done.number("ratio") == pytest.approx(fifty[0] / fifty.mean(), abs=1e-4)
    target = data.images[data.captions.index(PROMPT)]
    one = copying.ssim(done.array("picture")[None], target[None])[0]
    assert done.number("ssim") == pytest.approx(one) and done.metrics["copies"] == 100
    grid = evidence.draw_evidence(done)
    assert grid.shape == (1, 7) and np.array_equal(grid.pictures[0, 1], data.images[order[0]])
    assert f"“{data.captions[order[0]]}”" in evidence.describe_evidence(done)


def test_the_nearest_one_is_the_first_of_the_closest() -> None:
    training, made = training_pictures(0), build_collection().images[[5, 3100]]
    at, distance = training.closest(made, 3)
    assert np.array_equal(at[:, 0], training.neighbours(made).nearest)
    assert (np.diff(distance, axis=1) >= 0).all() and distance[:, 0] == pytest.approx(0, abs=1e-3)


def test_a_pipeline_of_others_has_maps_and_no_evidence(tmp_path: Path) -> None:
    model = str(save_latent(tmp_path / "published"))
    found = tokens.run(TokensConfig(model=model, steps=1, prompt="an unheard word"), QuietContext())
    assert {"nearest", "reference", "preview"}.isdisjoint(found.fields)
    assert found.notes["unknown"] == ["an", "unheard", "word"]
    assert "no reference" in token_entropy.describe_entropy(found)
    assert not check_axes(token_entropy.draw_by_layer(found, LIGHT, step=0, layer=-1))


def test_figures_of_the_maps_show_what_they_say(done: Result) -> None:
    grid = views.draw_tokens(done, LIGHT, step=1, layer=0, over=False)
    shares = done.array("map")[1, 0].astype(float).mean((0, 1))
    assert [float(word.split()[0]) for word in grid.under[0]] == pytest.approx(
        100 * shares, abs=0.051
    )
    best = int(shares.argmax())
    assert f"“{views.token_names(done)[best]}”" in views.describe_tokens(done, 1, 0)
    brightest = np.unravel_index(done.array("map")[1, 0].argmax(), (8, 8, 9))
    row, column, token = (int(at) for at in brightest)
    pixel = grid.pictures[0, token, 4 * row, 4 * column]
    assert pixel.tolist() == LIGHT.lut("sequential")[255].tolist()
    by_step = views.draw_steps(done, LIGHT, token=3, layer=views.ALL, over=True)
    assert by_step.shape == (2, 2)
    assert np.array_equal(by_step.pictures[1], done.array("preview"))
    by_layer, places = views.draw_layers(done, LIGHT, token=3, step=0, over=True)
    shown = sorted(at for line in places for at in line if at >= 0)
    assert shown == list(range(len(done.notes["layers"])))
    assert by_layer.present is not None and by_layer.present.sum() == len(shown)


def test_colours_run_from_nothing_to_the_top() -> None:
    maps = np.array([[[0.0, 0.5], [0.25, 2.0]]], np.float32)
    shown = views.coloured(maps, 0.5, LIGHT)
    table = LIGHT.lut("sequential")
    assert shown.shape == (1, 32, 32, 3)
    assert shown[0, 0, 0].tolist() == table[0].tolist()
    assert shown[0, 15, 31].tolist() == table[255].tolist() == shown[0, 31, 31].tolist()
    over = views.coloured(maps, 0.5, LIGHT, np.zeros((64, 64, 3), np.uint8))
    assert over[0, 0, 31] == pytest.approx(0.7 * table[255], abs=1)


def test_entropy_is_judged_beside_the_reference() -> None:
    def told(ours: list[float], others: list[list[float]]) -> str:
        fields = {
            "entropy": Field(np.array(ours)[:, None], ("step", "layer")),
            "reference": Field(np.array(others)[..., None], ("title", "step", "layer")),
        }
        return token_entropy.describe_entropy(Result(fields))

    said = told([2.0, 1.0, 0.5], [[1.0, 0.9, 0.6], [1.5, 1.1, 0.7]])
    assert "above all of them at 1 of 3 steps, below all at 1, among them at 1" in said


def test_words_are_left_out_and_swapped_one_at_a_time(worded: Result) -> None:
    notes, words = worded.notes, PROMPT.split()
    for act, place, prompt, other in zip(
        notes["acts"], worded.array("place"), notes["variants"], notes["others"], strict=True
    ):
        if act == keywords.LEFT_OUT:
            assert prompt.split() == words[:place] + words[place + 1 :]
        if act == keywords.SWAPPED:
            changed = [at for at, word in enumerate(prompt.split()) if word != words[at]]
            assert changed == [place] and kinds.kind_of(other) == kinds.kind_of(words[place])
    assert notes["acts"].count(keywords.LEFT_OUT) == 6
    assert notes["acts"].count(keywords.SWAPPED) == 3  # "the", "painting" and "by" have no kind
    assert notes["copies"][0] == 100 and set(notes["copies"][-3:]) == {0}


def test_every_variant_starts_from_the_same_noise(worded: Result, pipeline: Pipeline) -> None:
    data = build_collection()
    target = data.images[data.captions.index(PROMPT)]
    for at, prompt in ((0, PROMPT), (1, "painting hidden window by bellini")):
        alone = sample(pipeline, [prompt], seed=0, count=1).numpy()
        assert np.abs(worded.array("picture")[at].astype(int) - alone[0]).max() <= 1
        again = sample(pipeline, [prompt], seed=1, count=1).numpy()
        similar = copying.ssim(again, target[None])[0]
        assert worded.array("ssim")[at, 1] == pytest.approx(similar, abs=5e-3)
    assert np.array_equal(worded.array("target"), target)


def test_own_words_are_compared_with_what_all_of_them_give(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keywords, "sample_states", few_steps)
        config = WordsConfig(model=str(folder), prompt="red cross", seeds=1, swaps=11)
        found = keywords.run(config, QuietContext())
    assert found.metrics["trained"] is False and "target" not in found.fields
    assert found.array("ssim")[0] == pytest.approx(1)
    assert found.notes["acts"].count(keywords.SWAPPED) == 5 + 2  # colours, shapes
    assert "what the whole prompt gives" in word_views.describe_words(found)


@pytest.mark.parametrize("prompt", ["alone", " ".join(["word"] * 25)])
def test_prompts_of_one_word_or_too_many_are_refused(folder: Path, prompt: str) -> None:
    with pytest.raises(BadInput, match="prompt: must have from 2 to 24 words"):
        keywords.run(WordsConfig(model=str(folder), prompt=prompt), QuietContext())


@pytest.mark.parametrize(
    ("config", "values", "field"),
    [
        (TokensConfig, {"prompt": ""}, "prompt"),
        (TokensConfig, {"prompt": "x" * 1001}, "prompt"),
        (TokensConfig, {"steps": 51}, "steps"),
        (TokensConfig, {"guidance": 21}, "guidance"),
        (TokensConfig, {"seed": -1}, "seed"),
        (WordsConfig, {"swaps": 12}, "swaps"),
        (WordsConfig, {"seeds": 0}, "seeds"),
    ],
)
def test_a_bad_setting_names_its_field(config: type, values: dict, field: str) -> None:
    with pytest.raises(BadInput, match=f"^{field}"):
        config.build(values)


def keys(whole: float, without: list[list[float]], swaps: list[float]) -> Result:
    """A prompt of words a, b, ... with SSIM by seed of each that is left out, and of swaps of a."""
    words = [chr(ord("a") + at) for at in range(len(without))]
    rows = [[whole, whole], *without, *([value, value] for value in swaps), [0.1, 0.2]]
    acts = ["whole", *["left out"] * len(without), *["swapped"] * len(swaps), "unrelated"]
    place = [-1, *range(len(without)), *[0] * len(swaps), -1]
    fields = {
        "ssim": Field(np.array(rows), ("variant", "seed")),
        "place": Field(np.array(place), ("variant",)),
        "picture": Field(np.zeros((len(rows), 8, 8, 3), np.uint8),
                         ("variant", "row", "column", "channel")),
    }  # fmt: skip
    notes = {
        "words": words, "acts": acts, "variants": [f"prompt {at}" for at in range(len(rows))],
        "others": [""] * len(rows), "copies": [100] + [1] * (len(rows) - 2) + [0],
    }  # fmt: skip
    return Result(fields, {"trained": True, "extracted_over": 0.7}, notes)


def test_sentences_name_the_words_that_are_needed() -> None:
    found = keys(0.9, [[0.1, 0.2], [0.9, 0.8], [0.9, 0.1]], [0.1, 0.8])
    said = word_views.describe_words(found)
    assert "Lost in every seed without: “a”." in said
    assert "Kept in every seed without: “b”." in said
    assert "Kept in some seeds without: “c”." in said
    assert "Unrelated titles that were never trained: 0.10 to 0.20" in said
    swaps = word_views.describe_swaps(found)
    assert "Of 2 swapped prompts 1 still give it: “prompt 5” (trained once, 2 of 2 seeds)" in swaps
    assert not check_axes(word_views.draw_words(found, LIGHT))
    grid = word_views.draw_variants(found)
    assert grid.shape == (3, 3) and grid.mark(1, 0) == "still the picture" and not grid.here(1, 1)


def test_a_picture_that_never_comes_out_has_no_key() -> None:
    found = keys(0.2, [[0.1, 0.1]], [])
    assert "there is no key" in word_views.describe_words(found)
    assert "No word of this prompt has others" in word_views.describe_swaps(found)
