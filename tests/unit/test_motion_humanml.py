"""HumanML3D's layout against the recovery that its users run, written here with quaternions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from engine.core.errors import BadInput
from engine.labs.motion import features, humanml
from engine.labs.motion.clip import place
from engine.labs.motion.skeleton import PARENTS, heading, turn
from tests.motion_clips import moving


def recovered(rows: np.ndarray) -> np.ndarray:
    """Positions (rows, 22, 3) as HumanML3D's readers recover them from columns 0 to 66.

    The first column is summed from the row before; q = (cos a, 0, sin a, 0) is a turn by 2a about
    the vertical, of which the inverse is applied to steps and joints. A step counts at its end.
    """
    angle = np.concatenate([[0], np.cumsum(rows[:-1, 0])])
    back = Rotation.from_quat(
        np.stack([0 * angle, np.sin(angle), 0 * angle, np.cos(angle)], axis=-1)
    ).inv()
    step = np.zeros((len(rows), 3))
    step[1:, [0, 2]] = rows[:-1, 1:3]
    root = np.cumsum(back.apply(step), axis=0)
    root[:, 1] = rows[:, 3]
    joints = rows[:, 4:67].reshape(len(rows), 21, 3)
    placed = np.stack([back.apply(joints[:, joint]) for joint in range(21)], axis=1)
    placed[..., 0] += root[:, None, 0]
    placed[..., 2] += root[:, None, 2]
    return np.concatenate([root[:, None], placed], axis=1)


@pytest.fixture(params=range(4))
def positions(request: pytest.FixtureRequest) -> np.ndarray:
    return place(moving(120, request.param))


def test_its_own_readers_recover_all_frames_but_the_last(positions) -> None:
    rows = humanml.to_humanml(positions)
    assert rows.shape == (119, 263)
    np.testing.assert_allclose(recovered(rows), positions[:-1], atol=1e-10)


def test_rows_become_the_numbers_of_the_lab_and_all_frames_come_back(positions) -> None:
    own = humanml.from_humanml(humanml.to_humanml(positions))
    np.testing.assert_allclose(features.decode(own), positions, atol=1e-10)


def test_the_first_column_is_half_the_turn_and_of_the_other_sign() -> None:
    """A body that turns left by 6 degrees a frame on the spot, long enough to be unsmoothed."""
    still = place(moving(2))[:1]
    angle = np.deg2rad(6) * np.arange(400)
    positions = turn(np.repeat(still, 400, axis=0), angle[:, None])
    rows, own = humanml.to_humanml(positions), features.encode(positions)
    np.testing.assert_allclose(own[:, 0], np.deg2rad(6), atol=1e-12)
    np.testing.assert_allclose(rows[100:300, 0], -np.deg2rad(3), atol=1e-9)


def test_steps_of_the_pelvis_are_seen_from_the_frame_that_they_lead_to() -> None:
    """Walking along x while turning: only then does it matter which frame sees the step."""
    still = place(moving(2))[:1]
    angle = np.deg2rad(6) * np.arange(400)
    positions = turn(np.repeat(still, 400, axis=0), angle[:, None])
    positions[..., 0] += 0.05 * np.arange(400)[:, None]
    rows, own = humanml.to_humanml(positions), features.encode(positions)
    for frame in (150, 200, 250):
        for found, seen in ((rows, frame + 1), (own, frame)):
            right = 0.05 * np.array([np.cos(angle[seen]), np.sin(angle[seen])])
            np.testing.assert_allclose(found[frame, 1:3], right, atol=1e-9)


def test_rotations_along_the_chains_lead_to_the_joints(positions) -> None:
    """Six numbers are two columns of a matrix; bones at rest point along HumanML3D's axes."""
    rows = humanml.to_humanml(positions)
    six = rows[:, 67:193].reshape(len(rows), 21, 2, 3)
    third = np.cross(six[:, :, 0], six[:, :, 1])
    matrices = np.stack([six[:, :, 0], six[:, :, 1], third], axis=-1)
    np.testing.assert_allclose(np.linalg.det(matrices), 1, atol=1e-9)
    facing = humanml.smooth_heading(positions)[:-1]
    body = Rotation.from_rotvec(-facing[:, None] * np.array([0, 1, 0])).as_matrix()
    x, y, z = np.eye(3)
    rest = (x, -x, y, -y, -y, y, -y, -y, y, z, z, y, x, -x, z, -y, -y, -y, -y, -y, -y)
    for chain in ((0, 2, 5, 8, 11), (0, 3, 6, 9, 12, 15), (9, 14, 17, 19, 21), (9, 13, 16, 18, 20)):
        so_far = body
        for parent, joint in pairwise(chain):
            assert PARENTS[joint] == parent
            so_far = so_far @ matrices[:, joint - 1]
            bone = positions[:-1, joint] - positions[:-1, parent]
            length = np.linalg.norm(bone, axis=-1, keepdims=True)
            np.testing.assert_allclose(so_far @ rest[joint - 1] * length, bone, atol=1e-9)


def test_contacts_and_displacements_are_the_same_in_both(positions) -> None:
    rows, own = humanml.to_humanml(positions), features.encode(positions)
    np.testing.assert_array_equal(rows[:, 259:], own[:, 133:])
    theirs, ours = rows[:, 193:259].reshape(-1, 22, 3), own[:, 67:133].reshape(-1, 22, 3)
    sizes = [np.linalg.norm(part, axis=-1) for part in (theirs, ours)]
    np.testing.assert_allclose(*sizes, atol=1e-12)


def test_contact_is_slower_than_nine_tenths_of_a_metre_a_second() -> None:
    positions = np.repeat(place(moving(2))[:1], 3, axis=0)
    positions[1:, 10, 0] += 0.0447  # sqrt(0.002) = 0.04472 m a frame
    positions[1:, 11, 0] += 0.0448
    np.testing.assert_array_equal(features.contacts(positions)[0], [1, 1, 1, 0])


def test_heading_grows_to_the_left() -> None:
    positions = place(moving(2))
    left = turn(positions, np.deg2rad(90))
    assert heading(left)[0] == pytest.approx(np.pi / 2)
    # Ahead was +z; to the left of it lies +x.
    ahead = turn(np.array([0.0, 0.0, 1.0]), np.deg2rad(90))
    np.testing.assert_allclose(ahead, [1, 0, 0], atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 137), (5, 262), (263,)])
def test_another_width_is_refused(shape) -> None:
    with pytest.raises(BadInput, match=r"humanml263: must be \(frames, 263\)"):
        humanml.from_humanml(np.zeros(shape))


@pytest.mark.parametrize("shape", [(5, 263), (0, 137), (137,)])
def test_another_width_of_features_is_refused(shape) -> None:
    with pytest.raises(BadInput, match=r"features: must be \(frames, 137\)"):
        features.decode(np.zeros(shape))
