"""What a motion is measured by: checks, smoothness, distances, and copies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg

from engine.core.errors import BadInput
from engine.labs.motion.clip import place, resample
from engine.labs.motion.data.augment import mirror_rows
from engine.labs.motion.data.corpus import load_examples, measure_scale
from engine.labs.motion.evaluation.checks import agreement, measure
from engine.labs.motion.evaluation.copies import Training, signature
from engine.labs.motion.evaluation.distances import diversity, frechet, r_precision
from engine.labs.motion.evaluation.evaluate import describe, evaluate, judge, read_split
from engine.labs.motion.evaluation.quality import (
    WINDOW,
    floating,
    jerk,
    mean_jerk,
    peak_and_area,
    skate,
    stretch,
)
from engine.labs.motion.evaluation.seen import pairs_seen, told_pairs
from engine.labs.motion.features import LOCAL, decode, encode
from engine.labs.motion.generation.generate import How
from engine.labs.motion.models.build import build_network
from engine.labs.motion.models.stored import Config, load_model, save_model
from engine.labs.motion.skeleton import FEET, INDEX, PARENTS, mirror, turn
from tests.motion_clips import moving, offsets
from tests.motion_models import examples, save_recordings, tiny


def standing(frames: int = 60) -> np.ndarray:
    """Positions (frames, 22, 3) of a body at rest on the floor, facing +z."""
    pose = np.zeros((22, 3))
    for joint in range(1, 22):
        pose[joint] = pose[PARENTS[joint]] + offsets()[joint]
    pose[:, 1] -= pose[list(FEET), 1].min()
    return np.repeat(pose[None], frames, axis=0)


def walking(turned: float = 0.0, speed: float = 1.0, sideways: float = 0.0) -> np.ndarray:
    """A body that glides ahead and turns by ``turned`` degrees to the left."""
    positions = standing()
    angle = np.deg2rad(np.linspace(0, turned, len(positions)))
    step = np.tile(np.array([sideways, 0, speed]) / 20, (len(positions), 1))
    path = np.cumsum(turn(step, angle), axis=0)
    return turn(positions, angle[:, None]) + path[:, None]


def test_turns_have_a_sign_and_it_changes_in_a_mirror() -> None:
    left = walking(turned=200)
    assert measure(left).turned == pytest.approx(200)
    assert measure(mirror(left)).turned == pytest.approx(-200)
    # Where the body stands and faces at first is of no account.
    assert measure(turn(left, 2.0) + 5).turned == pytest.approx(200)
    found = agreement([left, mirror(left), left], ["walk-turn-left"] * 2 + ["walk-turn-right"])
    assert found == {"turn_sign": {"agree": pytest.approx(1 / 3), "clips": 3}}


def test_directions_are_those_of_the_body() -> None:
    for seen in (walking(speed=-0.7), turn(walking(speed=-0.7), 1.0)):
        assert measure(seen).forward == pytest.approx(-0.7, abs=0.02)
    aside = measure(turn(walking(speed=0, sideways=0.5), -2.0))
    assert aside.sideways == pytest.approx(0.5, abs=0.02) and abs(aside.forward) < 0.02
    names = ["walk-back", "walk-left", "walk-right", "walk"]
    for speed, side, wanted in ((-1, 0, 0), (0, 1, 1), (0, -1, 2), (1, 0, 3)):
        motion = walking(speed=speed, sideways=side)
        agreed = [agreement([motion], [name])["direction"]["agree"] for name in names]
        assert [at for at, share in enumerate(agreed) if share] == [wanted]


def test_hands_are_told_apart() -> None:
    wave = standing()
    wrist = INDEX["left_wrist"]
    wave[:, wrist, 1] += 0.5 + 0.2 * np.sin(np.arange(len(wave)))
    for motion, side in ((wave, "left"), (mirror(wave), "right")):
        for name in ("wave", "raise-up"):
            told = agreement([motion] * 2, [f"{name}-left-hand", f"{name}-right-hand"])
            assert told["hand_side"] == {"agree": 0.5, "clips": 2}
            assert agreement([motion], [f"{name}-{side}-hand"])["hand_side"]["agree"] == 1
        assert agreement([motion], ["raise-up-both-hands"])["both_hands"]["agree"] == 0
    # A body that moves as a whole does not wave.
    assert measure(walking(turned=90)).left_travel == pytest.approx(0, abs=1e-9)


def test_jumps_leave_the_floor_with_both_feet() -> None:
    jump, step = standing(), standing()
    jump[20:30] += [0, 0.2, 0]
    step[20:30, [7, 10]] += [0, 0.3, 0]
    assert agreement([jump, step], ["jump", "jump"])["jump_height"]["agree"] == 0.5


def test_jerk_is_the_third_difference_of_the_worst_joint() -> None:
    positions = moving(40, 1)
    slow = [
        max(
            sum(
                abs(p3 - 3 * p2 + 3 * p1 - p0)
                for p0, p1, p2, p3 in zip(*(positions[t + k, j] for k in range(4)), strict=True)
            )
            for j in range(22)
        )
        for t in range(37)
    ]
    np.testing.assert_allclose(jerk(positions), slow)
    assert mean_jerk([positions, positions]) == pytest.approx(np.mean(slow))
    peak, area = peak_and_area([positions], level=0.0)
    middle = slow[37 // 2 - WINDOW // 2 : 37 // 2 - WINDOW // 2 + WINDOW]
    assert peak == pytest.approx(max(middle)) and area == pytest.approx(sum(middle))
    assert peak_and_area([positions[:20]], 0.0) is None
    # A smooth curve has less than the same with a jolt.
    jolt = standing()
    jolt[30:] += [0.1, 0, 0]
    assert peak_and_area([jolt], 0.0)[0] == pytest.approx(0.2)
    assert peak_and_area([standing()], 0.0) == (0, 0)


def test_feet_that_slide_skate_and_feet_in_the_air_do_not() -> None:
    glide = walking(speed=1.0)
    assert skate(glide) == 1 and skate(standing()) == 0
    assert skate(glide + np.array([0, 0.2, 0])) == 0
    assert floating(standing() + np.array([0, 0.2, 0])) == pytest.approx(0.2)
    assert stretch(glide) == pytest.approx(0, abs=1e-9)
    longer = standing()
    longer[::2, 20] += [0.1, 0, 0]
    assert stretch(longer) > 0.001


def test_frechet_is_the_distance_of_two_normals() -> None:
    draw = np.random.default_rng(0)
    one, two = draw.normal(0, 1, (400, 5)), draw.normal(0.3, 2, (300, 5)) @ draw.normal(size=(5, 5))
    a, b = np.cov(one, rowvar=False), np.cov(two, rowvar=False)
    means = one.mean(0) - two.mean(0)
    wanted = means @ means + np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)
    assert frechet(one, two) == pytest.approx(wanted, rel=1e-6)
    assert frechet(one, one) == pytest.approx(0, abs=1e-6)
    assert frechet(one, one + 3) == pytest.approx(45, rel=1e-6)


def test_r_precision_counts_captions_not_clips() -> None:
    captions = ["walk", "run", "walk", "jump"]
    right = np.array([[float(a == b) for b in captions] for a in captions])
    draw = np.random.default_rng(0)
    assert r_precision(right, captions, draw) == ([1.0, 1.0, 1.0], 3)
    shares, pool = r_precision(-right, captions, draw)
    assert shares == [0.0, 0.0, 1.0] and pool == 3
    noise = np.random.default_rng(1).normal(size=(400, 400))
    shares, pool = r_precision(noise, [str(at) for at in range(400)], draw, pool=20)
    assert pool == 20 and shares[0] == pytest.approx(1 / 20, abs=0.03)
    assert shares[2] == pytest.approx(3 / 20, abs=0.05)


def test_diversity_is_zero_of_equal_clips() -> None:
    draw = np.random.default_rng(0)
    assert diversity(np.ones((9, 4)), draw) == 0
    wide = draw.normal(size=(500, 4))
    assert diversity(wide, draw, 4000) == pytest.approx(np.sqrt(2) * 1.88, rel=0.05)


def test_the_nearest_clip_is_found_at_another_speed() -> None:
    positions = [place(moving(81, seed)) for seed in range(6)]
    training = Training([encode(one) for one in positions])
    slow = encode(resample(positions[3], 10))
    near = training.nearest([encode(positions[2]), slow, encode(place(moving(81, 99)))])
    assert near.places[:2].tolist() == [2, 3]
    assert near.distances[0] == pytest.approx(0, abs=1e-6)
    assert near.distances[1] < near.distances[2] / 2
    moved = encode(positions[2]).copy()
    moved[:, LOCAL] += np.tile([0.03, 0.0, 0.04], 21)
    assert training.nearest([moved]).distances[0] == pytest.approx(0.05, rel=1e-3)


def test_the_nearest_is_that_of_every_part_in_both_images() -> None:
    """Against all parts, one after the other."""
    clips = [encode(place(moving(50 + 9 * at, at))).astype(np.float32) for at in range(5)]
    asked = [encode(place(moving(frames, 50 + frames))) for frames in (20, 41, 64, 120)]
    found = Training(clips).nearest(asked)
    for at, rows in enumerate(asked):
        wanted = [
            (np.linalg.norm(signature(rows) - signature(image(part))), place, mirrored, start)
            for place, clip in enumerate(clips)
            for start in (-1, *range(len(clip) - len(rows) + 1))
            for part in [clip if start < 0 else clip[start : start + len(rows)]]
            for mirrored, image in enumerate((np.asarray, mirror_rows))
        ]
        distance, place_, mirrored, start = min(wanted)
        assert found.distances[at] == pytest.approx(distance / np.sqrt(16 * 21), rel=1e-6)
        assert (found.places[at], found.mirrored[at], found.starts[at]) == (
            place_,
            bool(mirrored),
            start,
        )


def test_a_part_in_a_mirror_is_a_copy_and_is_none_where_clips_are_shown_as_they_are() -> None:
    clips = [encode(place(moving(81, seed))) for seed in range(4)]
    part = mirror_rows(clips[2][13:60])
    found = Training(clips).nearest([part])
    assert (found.places[0], found.mirrored[0], found.starts[0]) == (2, True, 13)
    assert found.distances[0] < 1e-6
    assert Training(clips, moved=False).nearest([part]).distances[0] > 0.02


def test_a_model_is_evaluated_beside_the_real_clips(tmp_path: Path) -> None:
    model, evaluator = tiny("motion-mamba", tmp_path), tiny("evaluator", tmp_path)
    clips = examples(10)
    training = [one for one in clips if (one.action, one.style) != ("walk", "sad")]
    assert len(training) < len(clips)
    told = evaluate(model, evaluator, clips, training, how=How(steps=2))
    again = evaluate(model, evaluator, clips, training, how=How(steps=2))
    for name, value in told.items():
        assert name == "cpu_seconds_a_clip" or value == again[name], name
    assert told["clips"] == 10
    assert told["real_nn_distance"]["least_m"] == pytest.approx(0, abs=1e-5)
    assert told["nn_distance"]["least_m"] > 0.01
    motions = [decode(clip.rows.astype(float)) for clip in clips]
    assert told["real_jerk"] == pytest.approx(mean_jerk(motions))
    seen = judge(evaluator, [clip.rows for clip in clips], [clip.captions[0] for clip in clips])
    right = [a == clip.action for a, clip in zip(seen.actions, clips, strict=True)]
    held = np.array([(clip.action, clip.style) == ("walk", "sad") for clip in clips])
    assert told["action_accuracy"]["unseen_clips"] == held.sum()
    assert told["real_action_accuracy"]["unseen"] == pytest.approx(np.mean(np.array(right)[held]))
    assert told["real_action_accuracy"]["seen"] == pytest.approx(np.mean(np.array(right)[~held]))
    wanted = agreement(motions, [clip.action for clip in clips])
    assert told["real_checks"] == wanted and set(wanted) == {"turn_sign", "hand_side", "direction"}
    with pytest.raises(BadInput, match="split: has no clip"):
        evaluate(model, evaluator, [], None)


def test_pairs_are_unseen_by_what_the_training_shows_and_not_by_their_label() -> None:
    clips = examples(10)
    held = [one for one in clips if one.held_out]
    assert pairs_seen(clips, None).unseen == tuple(one.held_out for one in clips)
    assert not any(pairs_seen(clips, clips).unseen)
    told = told_pairs(clips, clips)
    assert told["seen_by"] == "training clips" and told["unseen"] == []
    assert told["held_out_but_seen"] == sorted({f"{one.action}, {one.style}" for one in held})
    without = [one for one in clips if one.style == "normal"]
    told = told_pairs(clips, without)
    assert told["unseen"] == sorted({f"{o.action}, sad" for o in clips if o.style == "sad"})
    assert told_pairs(clips, None)["seen_by"] == "label of the data"


def test_an_evaluator_of_recordings_without_labels_tells_no_class(tmp_path: Path) -> None:
    clips = [replace(one, style=None, labelled=False) for one in examples(6)]
    network = build_network("evaluator", None, 5, 0, 0)
    words = Config(kind="evaluator", words=("a", "person", "walks"))
    save_model(network, words, measure_scale(clips), tmp_path / "evaluator")
    evaluator = load_model(tmp_path / "evaluator")
    told = describe([one.rows for one in clips], clips, evaluator, None, 0)
    assert told["action_accuracy"]["all"] is None and told["style_accuracy"] is None
    assert told["jerk"] > 0 and 0 <= told["r_precision"]["top1"] <= 1


def test_the_evaluator_sees_positions_alone(tmp_path: Path) -> None:
    evaluator = tiny("evaluator", tmp_path)
    rows = examples(1)[0].rows
    odd = rows.copy()
    odd[:-1, 67:] = 9.0  # displacements and contacts that say something else
    seen = [judge(evaluator, [one], ["a person walks"]).embedded for one in (rows, odd)]
    np.testing.assert_allclose(seen[0], seen[1], atol=1e-4)


def test_a_split_is_a_name_or_a_folder_of_its_own(tmp_path: Path) -> None:
    data = save_recordings(tmp_path / "data", train=4)
    test = save_recordings(tmp_path / "test", test=8)
    found = read_split(data, str(test))
    assert len(found) == 8 and sum(one.held_out for one in found) == 4
    assert len(read_split(data, "train")) == 4
    val = save_recordings(tmp_path / "val", val=4)
    assert len(read_split(data, str(val))) == 4
    with pytest.raises(BadInput, match="there is no split 'test'; there are: train"):
        read_split(data, "test")


@pytest.mark.shared
def test_real_clips_do_what_their_actions_say(shared_data: Path) -> None:
    """The rates of the data's own notes, on the training split that they were taken from."""
    clips = [one for one in load_examples(shared_data / "motion") if one.whole]
    motions = [decode(one.rows.astype(np.float64)) for one in clips]
    found = agreement(motions, [one.action for one in clips])
    assert found["turn_sign"]["agree"] > 0.975 and found["turn_sign"]["clips"] > 350
    assert found["hand_side"]["agree"] > 0.99 and found["hand_side"]["clips"] > 900
    assert found["direction"]["agree"] > 0.95
    assert found["jump_height"]["agree"] > 0.9
    assert 0.8 < found["both_hands"]["agree"] < 0.95
