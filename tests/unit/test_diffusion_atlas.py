"""The atlas and one neuron: against the engine's own masks and statistics, controls, sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.core import BadInput, Result
from engine.figures import Palette, check_axes
from engine.labs.diffusion import atlas as atlasing
from engine.labs.diffusion.config import NeuronConfig
from engine.labs.diffusion.locate.masks import select
from engine.labs.diffusion.locate.sites import find_site, layers
from engine.labs.diffusion.locate.statistics import Statistics, measure
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.neuron import column_mask, other_column, watch_column
from engine.labs.diffusion.sampler import Cut, sample
from engine.labs.diffusion.views import atlas as drawing
from engine.labs.diffusion.views import neuron as neurons
from engine.labs.diffusion.views.atlas_table import (
    DRAWS,
    Scored,
    Spot,
    control,
    score,
    top_share,
)
from tests.diffusion_masks import STEPS, atlas_result, model_folder, neuron_result, short

LIGHT = Palette.of("light")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_folder(tmp_path_factory)


@pytest.fixture(scope="module")
def _short() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        short(patch)
        yield


@pytest.fixture(scope="module")
def atlas(folder: Path, _short: None) -> Result:
    return atlas_result(folder)


@pytest.fixture(scope="module")
def neuron(folder: Path, _short: None) -> Result:
    return neuron_result(folder)


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("site", ["ff_out", "conv"])
@pytest.mark.parametrize("side", ["null", "others"])
def test_a_mask_of_the_atlas_is_the_one_that_is_located(site: str, side: str, folder: Path) -> None:
    result = atlas_result(folder, site=site)
    pipeline = load_pipeline(str(folder))
    prompts = result.notes["prompts"]
    rivals = [""] * len(prompts) if side == "null" else result.notes["others"]
    weights = layers(pipeline, find_site(site))
    mine, theirs = (
        measure(pipeline, each, find_site(site), tau=STEPS, count=STEPS)
        for each in (prompts, rivals)
    )
    for layer, name in [*enumerate(result.notes["layers"])][:3]:
        held = {name: weights[name]}
        located = select(held, _at(mine, 1), _at(theirs, 1), sparsity=0.1)[name]
        scored = score(result, Spot(layer, 1, side, 0.1))
        # Weights of 16 bits tie now and then at the edge of a row's share: any of them may be cut.
        other = located.flatten(1).numpy()
        for row in np.flatnonzero((scored.mask != other).any(1)):
            mine_only, other_only = scored.mask[row] & ~other[row], other[row] & ~scored.mask[row]
            tied = np.unique(scored.mine[row][mine_only | other_only])
            assert len(tied) == 1 and mine_only.sum() == other_only.sum()
        assert (scored.mask != other).mean() < 0.001
        wide = scored.mask.reshape(len(scored.mask), len(scored.cuts), -1)
        np.testing.assert_array_equal(scored.cuts, wide.sum((0, 2)))
        # The comparison keeps or drops whole columns.
        assert not scored.mask[:, ~scored.more].any()


def _at(seen: Statistics, step: int) -> Statistics:
    squares = {name: values[:, step : step + 1] for name, values in seen.squares.items()}
    return replace(seen, squares=squares)


def test_random_masks_have_as_many_cuts_in_every_row_and_keep_to_their_columns(
    atlas: Result,
) -> None:
    scored = score(atlas, Spot(sparsity=0.2))
    everywhere, allowed = control(scored), control(scored, scored.more)
    for drawn in (everywhere, allowed):
        assert drawn.sorted_cuts.shape == (DRAWS, len(scored.cuts))
        assert (drawn.sorted_cuts.sum(1) == scored.mask.sum()).all()
        assert (np.diff(drawn.sorted_cuts, axis=1) <= 0).all()
    touched = (allowed.sorted_cuts > 0).sum(1).max()
    assert touched <= scored.more.sum() < (everywhere.sorted_cuts > 0).sum(1).max()
    assert everywhere.band[0] <= everywhere.shares.mean() <= everywhere.band[1]


def test_the_share_of_the_top_tenth() -> None:
    assert top_share(np.array([9, *[1] * 9])) == 0.5
    assert top_share(np.array([3] * 20)) == 0.1
    assert np.isnan(top_share(np.zeros(10, int)))


def test_what_is_said_of_columns_follows_the_mask() -> None:
    rows, columns = 20, 40
    more = np.arange(columns) < 30
    whole = np.zeros((rows, columns), bool)
    whole[:, :4] = True
    scores = np.ones((rows, columns))
    gathered = Scored(scores, scores, whole, np.arange(columns), more)
    said = drawing.describe_columns(gathered, control(gathered), control(gathered, more))
    assert "a tenth of 40, hold 100% of them" in said
    assert "gathers in columns more than chance does" in said
    assert "4 columns are touched, and 4 of them are cut in nine of ten rows" in said
    spread = np.zeros((rows, columns), bool)
    for row in range(rows):
        spread[row, (4 * row + np.arange(4)) % 30] = True
    even = replace(gathered, mask=spread)
    said = drawing.describe_columns(even, control(even), control(even, more))
    assert "no more than chance does" in said and "none of them are" in said
    empty = replace(gathered, mask=np.zeros_like(whole))
    nothing = drawing.describe_columns(empty, control(empty), control(empty, more))
    assert nothing == "Nothing is cut here."


def test_figures_of_the_atlas_say_their_axes(
    atlas: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    spot = Spot(layer=2, step=1)
    scored = score(atlas, spot)
    column = int(scored.cuts.argmax())
    random = control(scored)
    figures = [
        drawing.draw_scores(atlas, LIGHT, spot=spot, scored=scored, column=column),
        drawing.draw_columns(
            atlas, LIGHT, spot=spot, scored=scored, everywhere=random, allowed=random
        ),
        drawing.draw_rows(atlas, LIGHT, spot=spot, scored=scored),
        drawing.draw_mask(atlas, LIGHT, spot=spot, scored=scored),
    ]
    for figure in figures:
        assert not check_axes(figure)
    assert scored.cuts[column] == scored.cuts.max()
    cut = np.argwhere(scored.mask & (scored.mine > 0) & (scored.theirs > 0))
    for most in (len(cut), len(cut) // 3):
        monkeypatch.setattr(drawing, "MOST_DOTS", most)
        figure = drawing.draw_scores(atlas, LIGHT, spot=spot, scored=scored, column=column)
        every = -(-len(cut) // most)
        name = "cut" if every == 1 else f"cut (1 in {every})"
        dots = next(trace for trace in figure.data if trace.name == name)
        assert np.array_equal(dots.customdata, cut[::every])
        assert (np.asarray(dots.x) > np.asarray(dots.y)).all()


def test_a_large_site_is_asked_for_one_layer(
    folder: Path, _short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atlasing, "MOST_WEIGHTS", 20_000)
    with pytest.raises(BadInput, match="one_layer: 7 layers have"):
        atlas_result(folder)
    one = atlas_result(folder, one_layer=3)
    assert one["weights"].size("layer") == 1 and one.notes["numbers"] == [3]
    with pytest.raises(BadInput, match="one_layer: must be -1 or from 0 to 6"):
        atlas_result(folder, one_layer=7)


def test_activity_is_what_the_statistics_sum(folder: Path, neuron: Result) -> None:
    pipeline = load_pipeline(str(folder))
    prompts = [*neuron.notes["prompts"], *neuron.notes["others"]]
    seen = measure(pipeline, prompts, find_site("ff_out"), tau=STEPS, count=STEPS)
    squares = seen.squares[neuron.notes["layer"]][..., 5]  # halves steps prompts
    np.testing.assert_allclose(
        np.square(neuron.array("activity")).sum((-1, -2)),
        squares.transpose(1, 2).numpy(),
        rtol=1e-4, atol=1e-6,
    )  # fmt: skip


def test_pictures_are_those_of_a_model_with_the_column_at_zero(
    folder: Path, neuron: Result
) -> None:
    pipeline = load_pipeline(str(folder))
    prompts, name = neuron.notes["prompts"], neuron.notes["layer"]
    whole = sample(pipeline, prompts, count=STEPS)
    np.testing.assert_array_equal(neuron.array("pictures")[0], whole.numpy())
    for way, column in ((1, 5), (2, int(neuron.number("another")))):
        weight = pipeline.unet.get_parameter(f"{name}.weight").clone()
        weight[:, column] = 0
        cut = Cut(unet={f"{name}.weight": weight})
        made = sample(pipeline, prompts, count=STEPS, cut=cut)
        np.testing.assert_array_equal(neuron.array("pictures")[way], made.numpy())
    assert (neuron.array("change")[0] == 0).all() and (neuron.array("change")[1:] > 0).all()


def test_a_column_of_a_convolution_is_the_kernels_of_a_channel(folder: Path) -> None:
    pipeline = load_pipeline(str(folder))
    weights = layers(pipeline, find_site("conv"))
    name = next(iter(weights))
    mask = column_mask(weights, name, 3)[name]
    assert mask[:, 3].all() and mask.sum() == mask[:, 3].numel()
    seen = watch_column(pipeline, ["one"], name, 3, seed=0).activity
    assert seen.shape[0] == 2 and seen.shape[-1] == seen.shape[-2] == 8


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"neuron_layer": 7}, "neuron_layer: must be from 0 to 6 (got 7)"),
        ({"column": 192}, "column: must be from 0 to 191 (got 192)"),
    ],
)
def test_a_layer_or_column_that_is_not_there(
    changes: dict[str, Any], words: str, folder: Path
) -> None:
    with pytest.raises(BadInput) as refused:
        neuron_result(folder, **{"neuron_layer": 0, **changes})
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("field", "value"), [("column", -1), ("pictures", 0), ("pictures", 25), ("site", "text")]
)
def test_bad_settings_name_their_field(field: str, value: object) -> None:
    with pytest.raises(BadInput) as refused:
        NeuronConfig.build({field: value})
    assert refused.value.field == field


def test_another_column_is_another_one() -> None:
    drawn = {other_column(column, 8, seed) for column in range(8) for seed in range(20)}
    assert drawn == set(range(8))
    assert all(other_column(c, 8, s) != c for c in range(8) for s in range(20))
    assert other_column(0, 1, 0) == 0


def test_the_map_lies_over_its_picture_on_one_scale(neuron: Result) -> None:
    laid = neurons.overlay(neuron, LIGHT)
    assert laid.shape == neuron.array("pictures").shape[1:] and laid.dtype == np.uint8
    size = np.abs(neuron.array("activity")[1, :2]).mean(1)
    at = np.unravel_index(size.argmax(), size.shape)
    block = 32 // size.shape[1]
    place = laid[at[0], at[1] * block, at[2] * block]
    grey = neuron.array("pictures")[0][at[0], at[1] * block, at[2] * block].mean()
    np.testing.assert_allclose(place, 0.7 * LIGHT.lut("sequential")[255] + 0.3 * grey, atol=1)


def test_labels_leave_out_what_all_prompts_begin_with() -> None:
    labels = neurons.prompt_labels(["the painting one by a"], ["the painting two by a"])
    assert labels == ["one by a", "ordinary: two by a"]
    assert neurons.prompt_labels(["a red dot"], ["red dot"]) == ["a red dot", "ordinary: red dot"]
    assert neurons.prompt_labels(["same", "same"], ["same"]) == ["same", "same", "ordinary: same"]


def test_sentences_and_figures_of_a_neuron(neuron: Result) -> None:
    for figure in (neurons.draw_prompts(neuron, LIGHT), neurons.draw_steps(neuron, LIGHT)):
        assert not check_axes(figure)
    assert neurons.picture_grid(neuron, LIGHT).shape == (5, 2)
    assert "This column alone hides none of the pictures" in neurons.describe_cut(neuron)
    fields = dict(neuron.fields)
    similar = np.array([[0.9, 0.9], [0.9, 0.2], [0.9, 0.9]])
    fields["ssim"] = replace(fields["ssim"], array=similar)
    lost = neurons.describe_cut(replace(neuron, fields=fields))
    assert "2, 1 and 2 of 2 are extracted" in lost
    assert "takes 1 of the pictures below the line" in lost
    del fields["ssim"], fields["targets"]
    bare = replace(neuron, fields=fields)
    assert "SSIM" not in neurons.describe_cut(bare)
    assert neurons.picture_grid(bare, LIGHT).shape == (4, 2)
    held = torch.tensor(neurons.norms(neuron)).mean(-1)[1]
    every = [*neuron.notes["prompts"], *neuron.notes["others"]]
    assert f'Most for "{every[int(held.argmax())]}"' in neurons.describe_prompts(neuron)
