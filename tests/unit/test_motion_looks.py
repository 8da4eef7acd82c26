"""A clip frame by frame: against sums written out, and where nothing moves."""

from __future__ import annotations

import numpy as np
import pytest

from engine.labs.motion.clip import place
from engine.labs.motion.evaluation import quality
from engine.labs.motion.evaluation.looks import MEASURES, foot_speed, look
from engine.labs.motion.skeleton import FEET
from tests.motion_clips import moving


def test_jerk_stands_at_the_middle_of_its_four_frames() -> None:
    clip = place(moving(40, seed=1))
    curve = look(clip, 0.04).jerk
    assert np.isnan(curve[[0, 1, -1]]).all() and np.isfinite(curve[2:-1]).all()
    for frame in (2, 17, 38):
        p = clip[frame - 2 : frame + 2]
        third = p[3] - 3 * p[2] + 3 * p[1] - p[0]
        assert curve[frame] == pytest.approx(np.abs(third).sum(-1).max())


def test_foot_speed_is_that_of_the_lowest_point() -> None:
    clip = place(moving(30, seed=2))
    speed = foot_speed(clip)
    for frame in (0, 11, 28):
        joint = min(FEET, key=lambda foot: clip[frame, foot, 1])
        x, _, z = clip[frame + 1, joint] - clip[frame, joint]
        assert speed[frame] == pytest.approx(np.hypot(x, z) * 20)
    assert speed[-1] == speed[-2]


def test_a_body_that_stands_has_no_speed_and_touches_the_floor() -> None:
    still = np.repeat(place(moving(4))[:1], 40, axis=0)
    looks = look(still, 0.04)
    assert not looks.foot_speed.any() and looks.contacts.all()
    assert looks.contacts.shape == (40, 4)
    assert looks.figures["pj"] == looks.figures["skate"] == 0
    # The area is measured from the level of real clips.
    assert looks.figures["auj"] == pytest.approx(quality.WINDOW * 0.04)
    assert tuple(looks.figures) == MEASURES


def test_a_clip_shorter_than_a_window_has_no_peak() -> None:
    figures = look(place(moving(20)), 0.04).figures
    assert np.isnan(figures["pj"]) and np.isnan(figures["auj"]) and figures["jerk"] > 0
