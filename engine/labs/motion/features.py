"""137 numbers a frame: HumanML3D's 263 without the 126 of rotations that positions do not fix.

| columns | what | unit |
| --- | --- | --- |
| 0 | change of heading to the next frame, left positive, the full angle | radians |
| 1-2 | displacement of the pelvis to the next frame, x and z as seen at this frame | metres |
| 3 | height of the pelvis | metres |
| 4-66 | joints 1-21 from the point of the floor below the pelvis, as seen at this frame | metres |
| 67-132 | displacement of joints 0-21 to the next frame, as seen at this frame | metres |
| 133-136 | contact of left ankle, left foot, right ankle, right foot with the floor | 0 or 1 |

"As seen" means turned so that the body faces +z. A clip of T frames has T - 1 rows; row t and its
displacements tell frame t + 1, so that all T frames come back.
"""

from __future__ import annotations

import numpy as np

from engine.core.errors import BadInput
from engine.labs.motion.skeleton import COUNT, FEET, heading, turn

WIDTH = 137
YAW = slice(0, 1)
ROOT = slice(1, 3)
HEIGHT = slice(3, 4)
LOCAL = slice(4, 67)
VELOCITY = slice(67, 133)
CONTACT = slice(133, 137)
# Squared metres a frame at 20 frames a second, 0.9 m/s: HumanML3D's rule, blind to height.
STILL = 0.002


def encode(positions: np.ndarray) -> np.ndarray:
    """Rows (frames - 1, 137) of positions (frames, 22, 3) in metres at 20 frames a second."""
    facing = heading(positions)
    now = facing[:-1]
    moved = np.diff(positions, axis=0)
    step = turn(moved[:, 0], -now)
    below = positions[:-1, :1] * np.array([1, 0, 1], dtype=positions.dtype)
    local = turn(positions[:-1, 1:] - below, -now[:, None])
    return np.concatenate(
        [
            wrap(np.diff(facing))[:, None],
            step[:, [0, 2]],
            positions[:-1, 0, 1:2],
            local.reshape(len(now), -1),
            turn(moved, -now[:, None]).reshape(len(now), -1),
            contacts(positions),
        ],
        axis=1,
    ).astype(positions.dtype)


def decode(rows: np.ndarray, *, start: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    """Positions (..., rows + 1, 22, 3) in metres of rows (..., rows, 137).

    ``start`` is x, z and heading at the first frame. The last frame is the one before it moved by
    its displacements. Raises BadInput for another width.
    """
    if rows.ndim < 2 or rows.shape[-1] != WIDTH or rows.shape[-2] < 1:
        raise BadInput("features", f"must be (frames, {WIDTH}), not {rows.shape}")
    x, z, angle = start
    total = np.cumsum(rows[..., 0], axis=-1)
    facing = angle + np.concatenate([np.zeros_like(total[..., :1]), total[..., :-1]], axis=-1)
    flat = np.stack([rows[..., 1], np.zeros_like(facing), rows[..., 2]], axis=-1)
    path = np.cumsum(turn(flat, facing), axis=-2)
    root = np.concatenate([np.zeros_like(path[..., :1, :]), path[..., :-1, :]], axis=-2)
    root = root + np.array([x, 0, z])
    shape = (*rows.shape[:-1], COUNT, 3)
    joints = np.zeros(shape, dtype=rows.dtype)
    joints[..., 0, 1] = rows[..., 3]
    joints[..., 1:, :] = rows[..., LOCAL].reshape(*shape[:-2], COUNT - 1, 3)
    positions = turn(joints, facing[..., None]) + root[..., None, :]
    moved = turn(rows[..., -1, VELOCITY].reshape(*shape[:-3], COUNT, 3), facing[..., -1, None])
    last = positions[..., -1, :, :] + moved
    return np.concatenate([positions, last[..., None, :, :]], axis=-3).astype(rows.dtype)


def contacts(positions: np.ndarray) -> np.ndarray:
    """1 where an ankle or foot hardly moves to the next frame (frames - 1, 4), else 0."""
    moved = np.diff(positions[:, FEET], axis=0)
    return ((moved**2).sum(-1) < STILL).astype(positions.dtype)


def wrap(angle: np.ndarray) -> np.ndarray:
    """The same angle between -pi and pi."""
    return (angle + np.pi) % (2 * np.pi) - np.pi
