"""The body of the lab: 22 joints in the order of SMPL, metres, y up, left at +x when facing +z."""

from __future__ import annotations

import numpy as np

JOINTS = (
    "pelvis",
    "left_hip",
    "right_hip",
    "spine1",
    "left_knee",
    "right_knee",
    "spine2",
    "left_ankle",
    "right_ankle",
    "spine3",
    "left_foot",
    "right_foot",
    "neck",
    "left_collar",
    "right_collar",
    "head",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
)
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
COUNT = len(JOINTS)
INDEX = {name: index for index, name in enumerate(JOINTS)}
# Whose contact with the floor is told: left ankle and foot, right ankle and foot.
FEET = (7, 10, 8, 11)
FPS = 20.0
# The joint on the other side; those in the middle are their own.
MIRROR = tuple(
    INDEX[name.replace("left", "#").replace("right", "left").replace("#", "right")]
    for name in JOINTS
)


def across(positions: np.ndarray) -> np.ndarray:
    """From the body's left to its right (..., 3): hip to hip plus shoulder to shoulder."""
    hips = positions[..., INDEX["right_hip"], :] - positions[..., INDEX["left_hip"], :]
    chest = positions[..., INDEX["right_shoulder"], :] - positions[..., INDEX["left_shoulder"], :]
    return hips + chest


def forward(positions: np.ndarray) -> np.ndarray:
    """Where the body faces on the floor (..., 3), of any length: up x across, as in HumanML3D.

    ``positions`` (..., 22, 3).
    """
    side = across(positions)
    return np.stack([side[..., 2], np.zeros_like(side[..., 0]), -side[..., 0]], axis=-1)


def heading(positions: np.ndarray) -> np.ndarray:
    """The angle of ``forward`` in radians (..., frames), from -pi to pi; it grows to the left."""
    ahead = forward(positions)
    return np.arctan2(ahead[..., 0], ahead[..., 2])


def turn(vectors: np.ndarray, angle: np.ndarray | float) -> np.ndarray:
    """``vectors`` (..., 3) about the vertical by ``angle`` radians (broadcast), left positive."""
    cos, sin = np.cos(angle), np.sin(angle)
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.stack([cos * x + sin * z, y + 0 * cos, cos * z - sin * x], axis=-1)


def mirror(positions: np.ndarray) -> np.ndarray:
    """The motion in a mirror: x negated, left and right swapped. Words must be swapped as well."""
    return positions[..., MIRROR, :] * np.array([-1, 1, 1], dtype=positions.dtype)


def leg_length(positions: np.ndarray) -> float:
    """Thigh plus shin in metres, the mean of both legs, the median of the frames."""
    total = 0.0
    for side in ("left", "right"):
        hip, knee, ankle = (
            positions[..., INDEX[f"{side}_{name}"], :] for name in ("hip", "knee", "ankle")
        )
        total += np.median(np.linalg.norm(hip - knee, axis=-1))
        total += np.median(np.linalg.norm(knee - ankle, axis=-1))
    return float(total / 2)
