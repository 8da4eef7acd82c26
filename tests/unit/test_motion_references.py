"""Clips beside the models': a visitor's file on the lab's body, and the clip that fits a text."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import BadInput
from engine.labs.motion.clip import Clip, place
from engine.labs.motion.data.corpus import LEG_LENGTH
from engine.labs.motion.files.arrays import npz_bytes
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.references import (
    MOST_FRAMES,
    actions_of,
    closest,
    from_example,
    from_file,
    invented,
)
from engine.labs.motion.skeleton import leg_length
from tests.motion_clips import moving
from tests.motion_models import examples


@pytest.mark.parametrize("fps", [20.0, 60.0])
def test_a_file_comes_onto_the_labs_body_and_rate(fps: float) -> None:
    clip = Clip(1.25 * moving(90), fps)
    for data, name in ((bvh_text(clip).encode(), "mine.BVH"), (npz_bytes(clip), "mine.npz")):
        found = from_file(data, name)
        assert len(found.positions) == int(89 * 20 / fps) + 1 and found.told == name
        assert leg_length(found.positions) == pytest.approx(LEG_LENGTH, abs=1e-3)
        assert abs(found.positions[0, 0, [0, 2]]).max() < 1e-6


def test_a_long_file_is_cut_and_says_so() -> None:
    found = from_file(npz_bytes(Clip(moving(500))), "long.npz")
    assert len(found.positions) == MOST_FRAMES and "the first 20 s" in found.told


def array(positions: np.ndarray) -> bytes:
    made = io.BytesIO()
    np.savez(made, joints=positions)
    return made.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"HIERARCHY\nROOT", "a.bvh", "bvh"),
        (b"", "a.bvh", "bvh"),
        (b"PK\x03\x04 broken", "a.npz", "npz"),
        (b"mesh", "a.fbx", "must end in .bvh or .npz"),
        (array(np.zeros((40, 21, 3))), "a.npz", "22"),
        (array(np.full((40, 22, 3), np.nan)), "a.npz", "NaN or infinity"),
        (array(np.zeros((40, 22, 3))), "a.npz", "thighs and shins have no length"),
        (array(moving(3)), "a.npz", "4 frames or more"),
    ],
)
def test_a_bad_file_gets_one_sentence(data: bytes, name: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_file(data, name)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_the_clip_that_fits_a_text_has_its_action_and_most_of_its_words() -> None:
    clips = examples()
    at = closest(clips, "a person walks and turns left in a sad way", "walk-turn-left")
    assert clips[at].action == "walk-turn-left"
    plain = replace(clips[at], captions=("a person walks and turns left",))
    fancy = replace(clips[at], captions=("a person walks and turns left like a heavy giant",))
    other = replace(clips[0], captions=("a person walks and turns left",), action="walk")
    text = "a person walks and turns left"
    assert closest([other, fancy, plain], text, "walk-turn-left") == 2
    assert closest([other, fancy, plain], text, None) == 0


def test_invented_clips_have_every_action_that_is_checked() -> None:
    clips = invented()
    assert {"walk", "run", "jump", "walk-turn-left", "wave-right-hand"} <= set(actions_of(clips))
    found = from_example(clips[0], "Invented")
    assert found.positions.shape[1:] == (22, 3) and clips[0].action in found.told
    calm = place(found.positions)
    assert 0.5 < calm[:, 0, 1].mean() < 1.2
