"""Motion without recordings: feet stay where they stand, and bodies do as they are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import BadInput
from engine.labs.motion.data import procedural_body as body
from engine.labs.motion.data.actions import action_of, mirrored_action
from engine.labs.motion.data.corpus import LEG_LENGTH
from engine.labs.motion.data.procedural import (
    MAKERS,
    procedural_examples,
    procedural_motion,
)
from engine.labs.motion.data.procedural_words import CLAUSES, LABELS, STYLES
from engine.labs.motion.data.training_set import training_examples, val_examples
from engine.labs.motion.data.words import split
from engine.labs.motion.evaluation.checks import CHECKS, measure
from engine.labs.motion.evaluation.quality import stretch
from engine.labs.motion.features import decode
from engine.labs.motion.recordings import Recording
from engine.labs.motion.skeleton import FEET, INDEX, heading, leg_length

SILENT = Recording("", "", "", np.zeros((1, 1)), (), None, None, False, 0, 1.0, (), ())
CLIPS = procedural_examples(len(MAKERS) * len(STYLES))


def positions(example) -> np.ndarray:
    return decode(example.rows.astype(np.float64))


def test_every_clip_does_what_its_label_says() -> None:
    checked = [one for one in CLIPS if one.action in CHECKS]
    wrong = [one.name for one in checked if not CHECKS[one.action][1](measure(positions(one)))]
    assert len(checked) >= 60 and not wrong


@pytest.mark.parametrize(("side", "other"), [("left", "right"), ("right", "left")])
def test_a_kick_is_one_of_the_leg_that_it_names(side: str, other: str) -> None:
    made = procedural_motion(f"kick-{side}")
    heights = {name: made[:, INDEX[f"{name}_foot"], 1].max() for name in (side, other)}
    assert heights[side] > 0.3 and heights[other] < 0.05


def test_who_sits_down_gets_up_again_and_who_bows_lowers_the_head() -> None:
    pelvis = procedural_motion("sit")[:, 0, 1]
    assert pelvis.min() < 0.65 * pelvis[0] and abs(pelvis[-1] - pelvis[0]) < 0.02
    head = procedural_motion("bow")[:, INDEX["head"], 1]
    assert head.min() < head[0] - 0.1 and abs(head[-1] - head[0]) < 0.02


@pytest.mark.parametrize("action", sorted(MAKERS))
def test_bodies_keep_their_bones_stand_on_the_floor_and_face_ahead(action: str) -> None:
    for style in STYLES:
        made = procedural_motion(action, style, seed=3)
        assert stretch(made) < 1e-6
        assert leg_length(made) == pytest.approx(LEG_LENGTH, abs=1e-6)
        # The floor is where the lowest hundredth of the frames is.
        assert -0.01 < made[:, FEET, 1].min() < 0.001
        assert abs(heading(made[:1])[0]) < 1e-9
        assert np.abs(made[0, 0, [0, 2]]).max() < 1e-9


@pytest.mark.parametrize("action", ["walk", "walk-back", "walk-turn-left", "step-right"])
def test_a_foot_that_stands_does_not_slide(action: str) -> None:
    """The ball of a foot that is on the floor for three frames is at one place."""
    made = procedural_motion(action, seconds=6.0, seed=5)
    for foot in (INDEX["left_foot"], INDEX["right_foot"]):
        low = made[:, foot, 1] < 0.002
        stands = low[:-4] & low[1:-3] & low[2:-2] & low[3:-1] & low[4:]
        moved = np.linalg.norm(made[3:-1, foot][:, [0, 2]] - made[1:-3, foot][:, [0, 2]], axis=-1)
        assert stands.sum() > 10
        assert np.median(moved[stands]) < 0.002


def test_a_clip_is_the_same_every_time_and_its_own_for_every_seed() -> None:
    again, more = procedural_examples(3), procedural_examples(40)
    for first, second, third in zip(CLIPS, again, more, strict=False):
        np.testing.assert_array_equal(first.rows, second.rows)
        np.testing.assert_array_equal(first.rows, third.rows)
    other = procedural_examples(3, seed=1)
    assert all(
        a.rows.shape != b.rows.shape or not np.allclose(a.rows, b.rows)
        for a, b in zip(again, other, strict=True)
    )


def test_clips_last_three_to_nine_seconds_in_several_tempi_and_styles() -> None:
    lengths = np.array([len(one.rows) / 20 for one in CLIPS])
    assert lengths.min() >= 2.95 and lengths.max() <= 9.05
    assert {one.style for one in CLIPS} == set(STYLES)
    assert all(one.whole and not one.held_out and one.dataset == "procedural" for one in CLIPS)
    fast = measure(procedural_motion("walk", tempo=1.3)).forward
    slow = measure(procedural_motion("walk", tempo=0.8)).forward
    assert fast > 1.3 * slow


def test_words_name_the_side_and_labels_are_those_of_recordings() -> None:
    for name, clauses in CLAUSES.items():
        for side, other in (("left", "right"), ("right", "left")):
            if f"-{side}" in name:
                assert all(side in split(text) and other not in split(text) for text in clauses)
        assert mirrored_action(name) in CLAUSES
    # Where a label has a verb of unlabelled recordings, the captions have that verb too.
    for name, label in LABELS.items():
        said = replace(SILENT, captions=CLAUSES[name])
        assert action_of(said) == label


def test_a_reach_bends_to_its_side_and_keeps_its_bones() -> None:
    start, end = np.zeros((1, 3)), np.array([[0, -0.6, 0.1]])
    knee, ankle = body.reach(start, end, np.array([[0, 0, 1.0]]), 0.4, 0.4)
    assert np.linalg.norm(knee) == pytest.approx(0.4)
    assert np.linalg.norm(ankle - knee) == pytest.approx(0.4)
    np.testing.assert_allclose(ankle, end, atol=1e-12)
    assert knee[0, 2] > 0.05
    _, tip = body.reach(start, 10 * end, np.array([[0, 0, 1.0]]), 0.4, 0.4)
    assert np.linalg.norm(tip) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"action": "fly"}, "action"),
        ({"action": "walk", "style": "drunk"}, "style"),
        ({"action": "walk", "seconds": 2.0}, "seconds"),
        ({"action": "walk", "seconds": 60.0}, "seconds"),
        ({"action": "walk", "tempo": 0.0}, "tempo"),
    ],
)
def test_what_cannot_be_made_is_told_with_its_field(given: dict, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        procedural_motion(**given)
    assert caught.value.field == field


def test_training_takes_procedural_motion_by_name(tmp_path) -> None:
    made = training_examples(tmp_path / "nothing", ("procedural",))
    held_out = val_examples(tmp_path / "nothing", ("procedural",))
    assert {one.dataset for one in made + held_out} == {"procedural"}
    known = {one.rows.tobytes() for one in made}
    assert not any(one.rows.tobytes() in known for one in held_out)
    with pytest.raises(BadInput):
        training_examples(tmp_path / "nothing", ("cmu", "procedural"))
