"""What encoding, rotations, rigs and files keep for any motion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from engine.core.errors import BadInput
from engine.labs.motion import features
from engine.labs.motion.clip import Clip, place, resample
from engine.labs.motion.files.arrays import npz_bytes, read_npz
from engine.labs.motion.files.bvh import world
from engine.labs.motion.files.bvh_import import import_bvh
from engine.labs.motion.files.bvh_read import read_bvh
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.rig import build_rig
from engine.labs.motion.rotations import best_fit, between, quaternion, zxy_degrees
from engine.labs.motion.skeleton import JOINTS, MIRROR, heading, mirror, turn
from tests.motion_clips import moving

seeds = st.integers(0, 10_000)
few = settings(max_examples=25, deadline=None)


def anything(seed: int, frames: int = 9) -> np.ndarray:
    """Points that no body would make."""
    return np.random.default_rng(seed).normal(0, 1, (frames, 22, 3))


@few
@given(seeds, st.integers(2, 80))
def test_features_give_every_frame_back(seed, frames) -> None:
    for positions in (moving(frames, seed), anything(seed, frames)):
        rows = features.encode(positions)
        assert rows.shape == (frames - 1, 137)
        start = positions[0, 0, 0], positions[0, 0, 2], heading(positions)[0]
        np.testing.assert_allclose(features.decode(rows, start=start), positions, atol=1e-11)


@few
@given(seeds, st.floats(-3, 3), st.floats(-50, 50))
def test_features_do_not_see_where_the_motion_takes_place(seed, angle, away) -> None:
    positions = moving(30, seed)
    moved = turn(positions, angle) + np.array([away, 0, -away])
    np.testing.assert_allclose(features.encode(moved), features.encode(positions), atol=1e-10)


@few
@given(seeds)
def test_the_mirror_swaps_sides_and_turns(seed) -> None:
    positions = moving(30, seed)
    assert np.array_equal(mirror(mirror(positions)), positions)
    rows, seen = features.encode(positions), features.encode(mirror(positions))
    np.testing.assert_allclose(seen[:, 0], -rows[:, 0], atol=1e-12)
    np.testing.assert_array_equal(seen[:, 133:], rows[:, [135, 136, 133, 134]])
    assert sorted(MIRROR) == list(range(22))


@few
@given(seeds)
def test_a_placed_motion_starts_above_the_origin_and_faces_ahead(seed) -> None:
    placed = place(turn(moving(40, seed), 1.0) + np.array([5.0, 2.0, -3.0]))
    np.testing.assert_allclose(placed[0, 0, [0, 2]], 0, atol=1e-12)
    assert abs(heading(placed)[0]) < 1e-12
    low = placed[:, [7, 8, 10, 11], 1].min(1)
    assert low.min() <= 0 <= np.quantile(low, 0.03)


@few
@given(seeds)
def test_rotations_agree_with_scipy(seed) -> None:
    draw = np.random.default_rng(seed)
    turned = Rotation.random(6, rng=draw)
    matrix = turned.as_matrix()
    again = Rotation.from_euler("ZXY", zxy_degrees(matrix), degrees=True).as_matrix()
    np.testing.assert_allclose(again, matrix, atol=1e-9)
    wxyz = turned.as_quat(canonical=True)[:, [3, 0, 1, 2]]
    np.testing.assert_allclose(quaternion(matrix), wxyz, atol=1e-9)
    points = draw.normal(size=(4, 3))
    seen = turned.apply(points[0])
    np.testing.assert_allclose((between(points[0], seen) @ points[0]), seen, atol=1e-9)
    fit = best_fit(points, np.stack([one.apply(points) for one in turned]))
    np.testing.assert_allclose(fit, matrix, atol=1e-9)


@pytest.mark.parametrize("axis", np.eye(3))
def test_the_shortest_way_round_to_the_opposite_is_half_a_turn(axis) -> None:
    half = between(axis, -axis)
    np.testing.assert_allclose(half @ axis, -axis, atol=1e-12)
    np.testing.assert_allclose(half @ half.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(half) == pytest.approx(1)
    assert np.array_equal(between(axis, 0 * axis), np.eye(3))


@few
@given(seeds)
def test_gimbal_lock_loses_no_rotation(seed) -> None:
    draw = np.random.default_rng(seed)
    for middle in (90, -90):
        angles = draw.uniform(-180, 180), middle, draw.uniform(-180, 180)
        matrix = Rotation.from_euler("ZXY", angles, degrees=True).as_matrix()
        again = Rotation.from_euler("ZXY", zxy_degrees(matrix), degrees=True).as_matrix()
        np.testing.assert_allclose(again, matrix, atol=1e-6)


@few
@given(seeds, st.floats(0.1, 3))
def test_a_rig_of_rigid_bones_is_where_the_joints_are(seed, swing) -> None:
    positions = moving(20, seed, swing)
    np.testing.assert_allclose(build_rig(positions).positions(), positions, atol=1e-9)


@few
@given(seeds, st.floats(0.1, 3))
def test_bvh_gives_rigid_bones_back_to_a_hundredth_of_a_millimetre(seed, swing) -> None:
    positions = moving(20, seed, swing)
    found = import_bvh(read_bvh(bvh_text(Clip(positions)).encode()), keep_place=True)
    assert (found.skeleton, found.clip.fps, found.fixes) == ("Engram Lab", 20, ())
    assert np.linalg.norm(found.clip.positions - positions, axis=-1).max() < 1e-5


@few
@given(seeds)
def test_bvh_with_positions_gives_any_points_back(seed) -> None:
    positions = anything(seed)
    bvh = read_bvh(bvh_text(Clip(positions), stretch=True).encode())
    places, _ = world(bvh)
    order = [bvh.names.index(name) for name in JOINTS]
    assert np.abs(places[:, order] / 100 - positions).max() < 1e-5


@few
@given(seeds)
def test_angles_of_a_file_never_jump_where_the_motion_does_not(seed) -> None:
    bvh = read_bvh(bvh_text(Clip(moving(200, seed, 0.5))).encode())
    # The pelvis alone turns round and round; half a turn within a frame would be a spin.
    assert np.abs(np.diff(bvh.values[:, 3:6], axis=0)).max() < 90


@few
@given(seeds, st.floats(1, 200))
def test_npz_gives_the_clip_back(seed, fps) -> None:
    clip = Clip(moving(30, seed).astype(np.float32), fps)
    again = read_npz(npz_bytes(clip))
    assert np.array_equal(again.positions, clip.positions)
    assert again.fps == pytest.approx(fps, rel=1e-6)


@few
@given(seeds, st.sampled_from([20.0, 24.0, 30.0, 60.0, 119.88, 120.0]))
def test_resampling_keeps_straight_motion_straight(seed, fps) -> None:
    draw = np.random.default_rng(seed)
    speed, frames = draw.normal(size=(22, 3)), int(draw.integers(2, 300))
    positions = np.arange(frames)[:, None, None] / fps * speed
    found = resample(positions, fps)
    assert len(found) == int((frames - 1) * 20 / fps + 1e-6) + 1
    right = np.arange(len(found))[:, None, None] / 20 * speed
    np.testing.assert_allclose(found, right, atol=1e-6)


BASE = bvh_text(Clip(moving(3))).splitlines()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_bvh_is_read_or_refused_in_one_sentence(data) -> None:
    lines = list(BASE)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        kind = data.draw(st.sampled_from(["drop", "double", "cut", "word", "swap"]))
        if kind == "drop" and len(lines) > 1:
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "cut":
            lines[at] = lines[at][: len(lines[at]) // 2]
        elif kind == "word":
            lines[at] = lines[at] + data.draw(st.sampled_from([" nan", " 1e999", " {", " }", " x"]))
        else:
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
    try:
        bvh = read_bvh("\n".join(lines).encode())
    except BadInput as error:
        assert error.field == "bvh"
        assert "\n" not in error.reason
    else:
        assert np.isfinite(world(bvh)[0]).all()
