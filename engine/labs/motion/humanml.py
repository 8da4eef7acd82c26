"""HumanML3D's 263 numbers a frame, and the way back (Guo et al., CVPR 2022).

Four habits of that layout are easily missed. Its first column is half the change of heading, and
it grows to the right: the arcsine of a quaternion's entry. The step of the pelvis is seen from
the frame that it leads to, that of the joints from the frame that it starts at. Facing is
smoothed over about a second, but not at the first frame. And T frames make T - 1 rows, from which
its own recovery makes T - 1 frames.

| columns | what |
| --- | --- |
| 0 | half the change of heading to the next frame, right positive, radians |
| 1-2 | step of the pelvis, x and z as seen at the next frame, metres |
| 3 | height of the pelvis |
| 4-66 | joints 1-21 from the floor below the pelvis, as seen at this frame |
| 67-192 | rotations of joints 1-21, the first two columns of each matrix |
| 193-258 | displacement of joints 0-21 to the next frame, as seen at this frame |
| 259-262 | contact of left ankle, left foot, right ankle, right foot |
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from engine.core.errors import BadInput
from engine.labs.motion.features import CONTACT, HEIGHT, LOCAL, ROOT, VELOCITY, contacts, wrap
from engine.labs.motion.features import WIDTH as OWN_WIDTH
from engine.labs.motion.rotations import about, between
from engine.labs.motion.skeleton import COUNT, across, forward, heading, turn

WIDTH = 263
SIX = slice(67, 193)
SPEED = slice(193, 259)
TOUCH = slice(259, 263)
SMOOTHING = 20  # frames, the deviation of the bell that facing is averaged with
# Chains from the pelvis or from spine3. A chain's first bone is turned against the pelvis, even
# where the chain starts at spine3.
CHAINS = (
    (0, 2, 5, 8, 11),
    (0, 1, 4, 7, 10),
    (0, 3, 6, 9, 12, 15),
    (9, 14, 17, 19, 21),
    (9, 13, 16, 18, 20),
)
# Directions of the bones that end in each joint at rest: arms hang down.
_X, _Y, _Z = np.eye(3)
REST = np.array(
    [0 * _X, _X, -_X, _Y, -_Y, -_Y, _Y, -_Y, -_Y, _Y, _Z, _Z, _Y, _X, -_X, _Z, *[-_Y] * 6]
)


def smooth_heading(positions: np.ndarray) -> np.ndarray:
    """Heading (frames,) in radians of the facing averaged over neighbours, but for the first."""
    # Views come by this file through that of NPZ, and a page shows a result without scipy.
    from scipy.ndimage import gaussian_filter1d

    size = np.linalg.norm(across(positions), axis=-1, keepdims=True)
    ahead = gaussian_filter1d(forward(positions) / size, SMOOTHING, axis=0, mode="nearest")
    facing = np.arctan2(ahead[..., 0], ahead[..., 2])
    return np.concatenate([heading(positions[:1]), facing[1:]])


def to_humanml(positions: np.ndarray) -> np.ndarray:
    """Rows (frames - 1, 263) of positions (frames, 22, 3) in metres at 20 frames a second.

    Bones keep their lengths: HumanML3D first brings each body to the bones of one reference body,
    which is not shipped here. Put the motion on the floor first (``clip.place``).
    """
    facing = smooth_heading(positions)
    now, then = facing[:-1], facing[1:]
    moved = np.diff(positions, axis=0)
    step = turn(moved[:, 0], -then)
    below = positions[:-1, :1] * np.array([1, 0, 1])
    turned = bone_rotations(positions[:-1], now)
    return np.concatenate(
        [
            -0.5 * wrap(then - now)[:, None],
            step[:, [0, 2]],
            positions[:-1, 0, 1:2],
            turn(positions[:-1, 1:] - below, -now[:, None]).reshape(len(now), -1),
            np.swapaxes(turned[:, 1:, :, :2], -1, -2).reshape(len(now), -1),
            turn(moved, -now[:, None]).reshape(len(now), -1),
            contacts(positions),
        ],
        axis=1,
    ).astype(positions.dtype)


def from_humanml(rows: np.ndarray) -> np.ndarray:
    """The 137 numbers of the lab (rows, 137) that tell the same motion as ``rows`` (rows, 263).

    The heading stays the smoothed one. Raises BadInput for another width.
    """
    if rows.ndim != 2 or rows.shape[-1] != WIDTH:
        raise BadInput("humanml263", f"must be (frames, {WIDTH}), not {rows.shape}")
    made = np.empty((len(rows), OWN_WIDTH), dtype=rows.dtype)
    yaw = -2 * rows[:, 0]
    step = np.stack([rows[:, 1], 0 * yaw, rows[:, 2]], axis=-1)
    made[:, 0] = yaw
    made[:, ROOT] = turn(step, yaw)[:, [0, 2]]  # seen at this frame instead of the next
    made[:, HEIGHT], made[:, LOCAL] = rows[:, HEIGHT], rows[:, LOCAL]
    made[:, VELOCITY], made[:, CONTACT] = rows[:, SPEED], rows[:, TOUCH]
    return made


def bone_rotations(positions: np.ndarray, facing: np.ndarray) -> np.ndarray:
    """Rotations (frames, 22, 3, 3): that of a joint turns the bone that ends in it.

    Along each chain a rotation is against the joint before it, starting from the body's heading
    ``facing`` (frames,); the pelvis holds what turns the body to face +z. Shortest arcs from
    ``REST``: a bone's twist about itself cannot be seen in positions.
    """
    body = about("Y", np.rad2deg(facing))
    made = np.broadcast_to(np.eye(3), (len(positions), COUNT, 3, 3)).copy()
    made[:, 0] = np.swapaxes(body, -1, -2)
    for chain in CHAINS:
        so_far = made[:, 0]
        for parent, joint in pairwise(chain):
            bone = between(REST[joint], positions[:, joint] - positions[:, parent])
            made[:, joint] = np.swapaxes(so_far, -1, -2) @ bone
            so_far = so_far @ made[:, joint]
    return made
