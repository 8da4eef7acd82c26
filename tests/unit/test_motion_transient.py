"""Toy scenes, two forecasters, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.core.context import QuietContext
from engine.core.errors import BadInput
from engine.figures import Palette
from engine.labs.motion.config.transient import TransientConfig
from engine.labs.motion.evaluation.quality import stretch
from engine.labs.motion.skeleton import COUNT, INDEX
from engine.labs.motion.transient import run
from engine.labs.motion.transient.body import BELOW, BOX, scene_parents, scene_positions
from engine.labs.motion.transient.learn import compare, loss_of, tensors, train
from engine.labs.motion.transient.network import Forecaster, Moment, advance, at, look, roll
from engine.labs.motion.transient.scenes import FRAMES, make_scenes
from engine.labs.motion.transient.stored import KINDS, card_text, load_pair, save_pair
from engine.labs.motion.views.transient import (
    draw_errors,
    draw_states,
    draw_switch,
    error_table,
    scene_stage,
)
from engine.labs.motion.views.transient_words import (
    describe_figures,
    describe_forecast,
    describe_switch,
    figure_rows,
)

SCENES = make_scenes(12)


@pytest.fixture(scope="module")
def pair():
    torch.manual_seed(3)
    return {kind: Forecaster(*sizes).eval().requires_grad_(False) for kind, sizes in KINDS.items()}


def test_a_box_lies_still_until_it_is_touched_and_goes_with_the_hand_after_that() -> None:
    for number in range(len(SCENES)):
        contact = SCENES.contact[number].astype(bool)
        taken = int(SCENES.taken[number])
        box, other = SCENES.boxes[number, :, taken], SCENES.boxes[number, :, 1 - taken]
        assert np.abs(other - other[0]).max() == 0
        assert 0.15 < contact.mean() < 0.7
        first, last = np.flatnonzero(contact)[[0, -1]]
        assert contact[first : last + 1].all()
        assert np.abs(box[:first] - box[0]).max() == 0
        assert np.abs(box[last + 1 :] - box[-1]).max() == 0
        assert np.linalg.norm(box[-1] - box[0]) > 0.5
        # The hand is at the box while it is held.
        body = scene_positions(
            SCENES.root[number], SCENES.hand[number], SCENES.boxes[number],
            float(SCENES.phase[number, 0]),
        )  # fmt: skip
        wrist = body[::2, INDEX["right_wrist"]][contact]
        assert np.linalg.norm(wrist - box[contact], axis=-1).max() < 0.05


def test_scenes_are_the_same_for_every_count_and_their_bodies_keep_their_bones() -> None:
    again = make_scenes(2)
    np.testing.assert_array_equal(again.root, SCENES.root[:2])
    assert SCENES.root.shape == (12, FRAMES, 3)
    made = scene_positions(SCENES.root[0], SCENES.hand[0], SCENES.boxes[0], 0.2)
    assert made.shape == (2 * FRAMES - 1, len(scene_parents()), 3)
    assert stretch(made[:, :COUNT]) < 1e-6
    corners = made[0, COUNT : COUNT + 16]
    middle = np.unique(corners.round(9), axis=0).mean(0)
    np.testing.assert_allclose(middle, SCENES.boxes[0, 0, 0] + BELOW, atol=1e-6)
    edges = np.linalg.norm(np.diff(corners, axis=0), axis=-1)
    np.testing.assert_allclose(edges, 2 * BOX, atol=1e-9)


def test_true_steps_lead_from_frame_to_frame() -> None:
    """``advance`` and the steps of ``tensors`` are each other's inverse."""
    scene, _ = tensors(SCENES)
    for frame in (0, 20, 55):
        now, then = at(scene, frame), at(scene, frame + 1)
        made = advance(now, 10 * then.step, torch.zeros(len(SCENES), 9))
        assert torch.allclose(made.root, then.root, atol=1e-5)


def test_a_network_sees_the_same_wherever_the_scene_stands_and_faces() -> None:
    scene, _ = tensors(SCENES)
    now = at(scene, 30)
    turned = 0.7 * torch.ones(len(SCENES))
    cos, sin = turned.cos(), turned.sin()

    def move(x, z):
        return cos * x + sin * z + 2, cos * z - sin * x - 1

    x, z = move(now.root[:, 0], now.root[:, 1])
    root = torch.stack([x, z, now.root[:, 2] + turned], -1)
    boxes = now.boxes.clone()
    for box in (0, 1):
        boxes[:, box, 0], boxes[:, box, 2] = move(now.boxes[:, box, 0], now.boxes[:, box, 2])
    other = Moment(root, now.hand, boxes, now.step)
    for mine, theirs in zip(look(now), look(other), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)


def test_what_lies_ahead_is_not_seen(pair) -> None:
    scene, _ = tensors(SCENES)
    short = Moment(*(getattr(scene, name)[:, :30] for name in ("root", "hand", "boxes", "step")))
    for network in pair.values():
        long, part = roll(network, scene, 20), roll(network, short, 20)
        assert torch.allclose(long.hand[:, :29], part.hand)
        other = replace(scene, hand=scene.hand.clone())
        other.hand[:, 20:] += 1
        assert torch.equal(roll(network, other, 20).hand, long.hand)


def test_without_a_transient_channel_there_is_no_switch(pair) -> None:
    scene, contact = tensors(SCENES)
    alone = roll(pair["persistent"], scene, 20)
    both = roll(pair["duality"], scene, 20)
    assert alone.gate is None and not alone.states[..., 1].any()
    assert both.gate is not None and both.gate.shape == (12, FRAMES - 1)
    assert loss_of(both, scene, contact) > loss_of(alone, scene, contact) * 0
    sizes = [sum(p.numel() for p in network.parameters()) for network in pair.values()]
    assert max(sizes) < 1.03 * min(sizes)


def test_training_lowers_the_loss_and_is_a_function_of_its_seed() -> None:
    scene, contact = tensors(SCENES)
    first, second = (train("duality", 0, SCENES, 8) for _ in range(2))
    untrained = train("duality", 0, SCENES, 0)
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])
    assert loss_of(roll(first, scene, 20), scene, contact) < loss_of(
        roll(untrained, scene, 20), scene, contact
    )


def test_a_pair_is_kept_with_its_card_and_opened_again(tmp_path) -> None:
    kept, card = compare(6, 3, 2, 2)
    save_pair(kept, card, tmp_path)
    opened = load_pair(tmp_path)
    for kind, network in kept.items():
        for name, value in network.state_dict().items():
            assert torch.equal(value, opened[kind].state_dict()[name])
    assert all(len(card["figures"][kind]) == 2 for kind in KINDS)
    text = (tmp_path / "README.md").read_text()
    assert text == card_text(card) and "2307.12729" in text and "| switch_seen |" in text
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 200_000


def test_weights_that_are_not_there_or_do_not_fit_are_told(tmp_path, pair) -> None:
    with pytest.raises(BadInput, match="not in this checkout"):
        load_pair(tmp_path)
    from safetensors.torch import save_file

    odd = {f"duality.{name}": value for name, value in pair["duality"].state_dict().items()}
    save_file(odd, tmp_path / "model.safetensors")
    with pytest.raises(BadInput, match="persistent"):
        load_pair(tmp_path)


@pytest.mark.parametrize("values", [{"scene": -1}, {"scene": 100}, {"moment": 1}, {"moment": 8}])
def test_settings_out_of_range_are_told_with_their_field(values: dict) -> None:
    with pytest.raises(BadInput) as caught:
        TransientConfig.build(values)
    assert caught.value.field == next(iter(values))


@pytest.mark.parametrize("moment", [2.0, 6.9])
def test_a_forecast_is_played_and_told(moment: float, pair, monkeypatch) -> None:
    monkeypatch.setattr(run, "load_pair", lambda: pair)
    result = run.transient(TransientConfig(scene=2, moment=moment), QuietContext())
    stage = scene_stage(result)
    truth, duality, alone = stage.lanes
    assert stage.frames == 79
    # Up to the moment hand and boxes are those that were seen; after it they are forecasts. Legs
    # are drawn for the whole way, and a foot in the air is on its way to a step that is forecast.
    known = 2 * int(result.number("known")) - 1
    drawn = [INDEX["right_wrist"], *range(COUNT, truth.positions.shape[1])]
    for lane in (duality, alone):
        apart = np.abs(lane.positions - truth.positions)[:, drawn].max(axis=(1, 2))
        assert apart[: known - 8].max() < 0.02 and apart[known + 4 :].min() > 0
    assert duality.light is not None and duality.light[:, INDEX["left_knee"]].max() == 0
    assert result.array("error").shape == (2, 3, 20)
    assert len(error_table(result)) == 7
    for words in (describe_forecast(result), describe_switch(result)):
        assert words.endswith(".")
    for draw in (draw_switch, draw_states):
        assert draw(result, Palette.light()).layout.meta["alt"]
    assert draw_errors(result, Palette.light(), "hand").layout.meta["alt"]


def test_the_table_decides_only_where_ranges_do_not_meet() -> None:
    def seeds(*values: float) -> list[dict[str, float]]:
        names = ("root", "hand", "boxes", "root_in_contact", "hand_in_contact", "boxes_in_contact")
        made = [{**dict.fromkeys(names, 0.1), "hand": value, "switch_seen": 0.9,
                 "switch_ahead": 0.8, "still_hand": 0.3} for value in values]  # fmt: skip
        return made

    better = {"duality": seeds(0.05, 0.06), "persistent": seeds(0.07, 0.09)}
    rows = {row["Error, cm"]: row for row in figure_rows(better)}
    assert rows["hand"]["Two channels are"] == "better"
    assert rows["hand"]["Two channels"] == "5.5 (5.0 to 6.0)"
    assert rows["hand"]["Standing still"] == "30.0"
    assert rows["root"]["Two channels are"].startswith("undecided")
    said = " ".join(describe_figures(better, {"duality": 14000, "persistent": 14100}))
    assert "better in: hand." in said and "In 5 of 6 figures" in said
    worse = {"duality": better["persistent"], "persistent": better["duality"]}
    assert "worse in: hand." in " ".join(describe_figures(worse, {"duality": 1, "persistent": 1}))
