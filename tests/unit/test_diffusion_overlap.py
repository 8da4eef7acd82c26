"""Overlaps of many groups: against masks one by one, groups of prompts, refusals, sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.core import BadInput, Field, Result
from engine.figures import Palette, check_axes
from engine.labs.diffusion.config import OverlapConfig
from engine.labs.diffusion.layer_names import in_running_order, layer_label, short_name
from engine.labs.diffusion.locate import masks as masking
from engine.labs.diffusion.locate import splits as splitting
from engine.labs.diffusion.locate.sites import SITES, find_site, layers
from engine.labs.diffusion.locate.statistics import Statistics, measure
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.names import SITE_NAMES
from engine.labs.diffusion.overlap import null_pool, splits
from engine.labs.diffusion.prompt_groups import Group, prompt_groups
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.views import overlap as drawing
from engine.labs.diffusion.views.overlap_table import Place, kinds_of_pairs, null_band, square
from engine.labs.diffusion.views.overlap_words import (
    NOTHING,
    describe_kinds,
    describe_pair,
    judge_copies,
)
from tests.diffusion_masks import STEPS, model_folder, overlap_result, short

LIGHT = Palette.of("light")
SPARSITIES = (0.05, 0.3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_folder(tmp_path_factory)


@pytest.fixture(scope="module")
def pipeline(folder: Path) -> Pipeline:
    return load_pipeline(str(folder))


@pytest.fixture(scope="module")
def result(folder: Path) -> Iterator[Result]:
    with pytest.MonkeyPatch.context() as patch:
        short(patch)
        yield overlap_result(folder)


def nothing_read(address: str) -> bytes:
    raise AssertionError(address)


@pytest.mark.parametrize("site", ["ff_out", "conv", "text"])
@pytest.mark.parametrize("held", [splitting.MOST_SCORES, 500])
def test_overlaps_are_those_of_masks_selected_one_by_one(
    site: str, held: int, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "MOST_SCORES", held)
    prompts = find_prompts(pipeline, "unseen").prompts[:5]
    seen = measure(pipeline, prompts, find_site(site), tau=2, count=4)
    rival = measure(pipeline, ("", ""), find_site(site), tau=2, count=4)
    groups, pairs = [[0, 1], [2, 3], [1, 4]], [(0, 1), (0, 2), (1, 2)]
    weights = layers(pipeline, find_site(site))
    for name in [*weights][:2]:
        squares = seen.squares[name][-1:]
        steps = squares.shape[1]
        found, share = splitting.layer_overlaps(
            weights[name].weight.detach(),
            splitting.group_norms(squares, groups),
            [rival.norms()[name]],
            SPARSITIES,
            splitting.Pairs.of(pairs),
            joined=2,
        )
        moments = [slice(step, step + 1) for step in range(steps)] + [slice(0, min(2, steps))]
        for m, moment in enumerate(moments):
            for s, sparsity in enumerate(SPARSITIES):
                masks = [
                    masking.select(
                        {name: weights[name]},
                        _at(seen, name, moment),
                        _at(rival, name, moment),
                        sparsity=sparsity,
                        taken=group,
                    )
                    for group in groups
                ]
                slow = [masking.overlap(masks[i], masks[j])[name] for i, j in pairs]
                np.testing.assert_allclose(found[0, s, m].numpy(), slow, rtol=1e-6)
                shares = [masking.share(mask) for mask in masks]
                np.testing.assert_allclose(share[0, s, m].numpy(), shares, rtol=1e-6)


def _at(seen: Statistics, name: str, moment: slice) -> Statistics:
    return replace(seen, squares={name: seen.squares[name][:, moment]})


def test_the_same_prompts_overlap_wholly_and_empty_masks_not_at_all() -> None:
    weight, norms = torch.randn(4, 10), torch.rand(1, 2, 10).expand(2, 2, 10)
    found, _ = splitting.layer_overlaps(
        weight, norms, [torch.zeros(2, 10), norms[0]], (0.2, 0.05), splitting.Pairs.of([(0, 1)]), 1
    )
    assert (found[0, 0] == 1).all()
    # Half a weight of a row is none; and no score is higher than itself.
    assert found[0, 1].isnan().all() and found[1].isnan().all()


def test_groups_are_equally_large_and_share_no_prompt_with_a_reference(pipeline: Pipeline) -> None:
    config = OverlapConfig()
    groups, references = prompt_groups(pipeline, config, nothing_read)
    assert {len(group.prompts) for group in groups} == {config.group_size}
    every = [prompt for group in groups for prompt in group.prompts]
    assert len(set(every)) == len(every)
    assert not set(every) & {*references["unseen"], *references["scenes"]}
    assert references["null"] == ("",) * config.group_size
    assert [group.name for group in groups if group.kind == "copied"] == [
        "A", "B", "C", "x50 i", "x50 ii", "x30",
    ]  # fmt: skip
    assert groups[-1].name == "scenes ii"


def test_prompts_of_a_visitor_make_groups_of_their_own(pipeline: Pipeline) -> None:
    config = OverlapConfig(groups="A", more_copied="input:" + "a" * 16, group_size=2)
    held = b"one\ntwo\nthree\nfour\nfive\n"
    groups, _ = prompt_groups(pipeline, config, lambda address: held)
    own = [group for group in groups if group.family == "yours"]
    assert [group.name for group in own] == ["your copied i", "your copied ii"]
    assert [group.prompts for group in own] == [("one", "two"), ("three", "four")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"group_size": 9}, "group_size: must be at most 8: the set A has no more prompts"),
        ({"group_size": 25, "groups": "x50"}, "set unseen: has 24 prompts, a group takes 25"),
    ],
)
def test_a_set_that_is_too_small_is_named(
    changes: dict[str, Any], words: str, pipeline: Pipeline
) -> None:
    with pytest.raises(BadInput) as refused:
        prompt_groups(pipeline, OverlapConfig.build(changes), nothing_read)
    assert str(refused.value) == words


def test_too_few_prompts_of_a_visitor_are_refused_before_a_run() -> None:
    config = OverlapConfig(more_ordinary="input:" + "b" * 16)
    with pytest.raises(BadInput, match="more_ordinary: has 2 prompts, a group takes 8"):
        config.fits(lambda address: b"one\ntwo\n")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("groups", "A,Z", "must be names of sets, separated by commas"),
        ("group_size", 1, "2"),
        ("splits", 9, "10"),
        ("joined", 21, "20"),
        ("site", "everywhere", "ff_out"),
    ],
)
def test_bad_settings_name_their_field_and_range(field: str, value: object, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        OverlapConfig.build({field: value})
    assert refused.value.field == field and words in str(refused.value)


def test_the_config_offers_every_site() -> None:
    assert tuple(SITES) == SITE_NAMES


def test_layers_run_down_mid_up_and_are_told_apart(pipeline: Pipeline) -> None:
    names = in_running_order(layers(pipeline, find_site("ff_out")))
    shown = [layer_label(name) for name in names]
    parts = [re.split(r"\W", name)[0] for name in shown]
    assert parts == sorted(parts, key=("down", "mid", "up").index)
    assert shown[0] == "down 1, layer 1" and "mid, layer 1" in shown
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    ("name", "short", "label"),
    [
        ("down_blocks.0.attentions.0.transformer_blocks.2.ff.net.2", "down 0.0.2",
         "down 1, layer 3"),
        ("up_blocks.1.attentions.2.transformer_blocks.0.attn2", "up 1.2.0",
         "up 2, part 3, layer 1"),
        ("mid_block.attentions.0.transformer_blocks.1.attn2.to_k", "mid 0.1", "mid, layer 2"),
        ("down_blocks.0.resnets.1.conv2", "down 0.1 conv2", "down 1, residual 2, conv2"),
        ("mid_block.resnets.0.conv1", "mid 0 conv1", "mid, residual 1, conv1"),
        ("text_model.encoder.layers.1.mlp.fc2", "layer 1", "layer 2"),
        ("h", "layer ", "h"),
    ],
)  # fmt: skip
def test_a_layer_has_one_name_in_words(name: str, short: str, label: str) -> None:
    assert short_name(name) == short
    assert layer_label(name) == label
    if name != label:
        assert layer_label(short) == label


def test_random_splits_are_disjoint_and_of_the_copies_family() -> None:
    drawn = splits(range(3, 13), 4, 20, seed=1)
    assert len(drawn) == 40
    for one, other in zip(drawn[::2], drawn[1::2], strict=True):
        assert len(one) == len(other) == 4 and len({*one, *other}) == 8
        assert {*one, *other} <= set(range(3, 13))
    assert drawn != splits(range(3, 13), 4, 20, seed=2)
    kinds = [("copied", "paintings"), ("ordinary", "scenes"), ("ordinary", "paintings")]
    groups = [Group(str(at), kind, family, ("a",)) for at, (kind, family) in enumerate(kinds)]
    assert null_pool(groups) == [0, 2]
    assert null_pool(groups[1:2] * 2) == [0, 1]


def test_a_run_has_every_pair_at_every_place_and_repeats(
    result: Result, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = len(result.notes["groups"])
    shape = (1, 3, 3, STEPS + 1, 7, groups * (groups - 1) // 2)
    assert result["iou"].array.shape == shape and result["null"].size("split") == 10
    values = result.array("iou")[..., 2, :, :, :]
    assert ((values >= 0) & (values <= 1)).all()
    shares = result.array("share").astype(float)
    assert (shares[:, :, :, :STEPS].max((0, 1, 3, 4)) <= np.array([0.01, 0.05, 0.2]) + 1e-3).all()
    assert (shares[:, :, :, -1] >= shares[:, :, :, 0]).all()
    band = result.array("band").astype(float)
    assert (np.diff(band[:, :, 2], axis=-1) >= 0).all()
    short(monkeypatch)
    again = overlap_result(folder)
    for name in result.fields:
        np.testing.assert_array_equal(again.array(name), result.array(name))


def test_figures_say_their_axes_and_show_the_result(result: Result) -> None:
    place = Place(sparsity=2, moment=1, layer=3)
    pair = (0, 1)
    figures = [
        drawing.draw_matrix(result, LIGHT, place=place, model=0, limits=(0, 1)),
        drawing.draw_course(result, LIGHT, place=place, model=0),
        drawing.draw_profile(result, LIGHT, place=place, pair=pair),
        drawing.draw_steps_by_layers(result, LIGHT, place=place, pair=pair),
    ]
    for figure in figures:
        assert not check_axes(figure)
    held = square(result, place, 0)
    assert held[0, 1] == held[1, 0] == result.array("iou")[0, 0, 2, 1, 3, 0]
    assert np.isnan(held.diagonal()).all()
    table = drawing.overlap_table(result, place)
    assert len(table["set"]) == len(result.notes["pairs"])
    assert drawing.pair_position(result, (1, 0)) == 0


def made(copied: float, ordinary: float, across: float, twin: float, null: float) -> Result:
    """Two copied and two ordinary groups of paintings with these overlaps, in one layer."""
    kinds = ["copied", "copied", "ordinary", "ordinary"]
    groups = [
        {"name": name, "kind": kind, "family": "paintings", "prompts": []}
        for name, kind in zip("ABUV", kinds, strict=True)
    ]
    pairs = [[i, j] for i in range(4) for j in range(i + 1, 4)]
    mine = [copied, *[across] * 4, ordinary]
    iou = np.array([mine, [twin] * 6]).reshape(2, 1, 1, 1, 1, 6).repeat(2, axis=3)
    axes = ("model", "reference", "sparsity", "moment")
    splits = np.linspace(null - 0.02, null + 0.02, 41)
    spread = np.broadcast_to(splits, (2, 1, 1, 2, 41))
    band = np.broadcast_to(np.array([null - 0.018, null, null + 0.018]), (2, 1, 1, 2, 1, 3))
    return Result(
        {
            "iou": Field(iou, (*axes, "layer", "pair")),
            "null": Field(spread, (*axes, "split")),
            "band": Field(band, (*axes, "layer", "percentile")),
        },
        {"splits": 41, "prompts_a_group": 2},
        {
            "models": ["default", "twin"], "training_steps": [4000, 1300],
            "groups": groups, "pairs": pairs, "steps": 1, "joined": 1,
            "layer_names": ["mid 0.0"], "pool": [0, 1, 2, 3],
        },
    )  # fmt: skip


def test_what_is_said_follows_the_numbers() -> None:
    more = " ".join(judge_copies(made(0.5, 0.3, 0.2, 0.3, 0.35), Place()))
    assert "Of 1 pair of copied sets, 1 lies above" in more
    assert "Than ordinary sets?** More on average" in more
    assert "2.50 times as much" in more
    assert "The model with copies overlaps more than the one without" in more
    less = " ".join(judge_copies(made(0.3, 0.5, 0.3, 0.6, 0.35), Place()))
    assert "none lie above" in less and "1 below" in less
    assert "Than ordinary sets?** Less on average" in less
    assert "Than a copied with an ordinary set?** About the same" in less
    assert "a high overlap is by itself no sign of copies" in less
    assert "The twin was trained in 1,300 steps and the model in 4,000" in less


def test_kinds_and_the_null_are_those_of_the_result() -> None:
    held = made(0.5, 0.3, 0.2, 0.3, 0.35)
    kinds = {kind: len(at) for kind, at in kinds_of_pairs(held).items()}
    expected = {"copied with copied": 1, "ordinary with ordinary": 1, "copied with ordinary": 4}
    assert kinds == expected
    low, middle, high = null_band(held, Place(), 0)
    assert (low, middle, high) == pytest.approx((0.332, 0.35, 0.368))
    assert "copied with ordinary 0.20 (0.20 to 0.20, 4 pairs)" in describe_kinds(held, Place(), 0)
    assert "above the random splits in 1 of 1 layers" in describe_pair(held, Place(), (1, 0))


def test_masks_without_a_weight_are_said_so() -> None:
    empty = made(np.nan, np.nan, np.nan, np.nan, np.nan)
    assert judge_copies(empty, Place()) == [NOTHING]
    assert describe_kinds(empty, Place(), 0) == NOTHING
    assert describe_pair(empty, Place(), (0, 1)) == NOTHING
