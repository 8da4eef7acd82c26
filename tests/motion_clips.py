"""Invented motion for tests: a body of rigid bones that walks a curve and swings its limbs."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from engine.labs.motion.skeleton import COUNT, JOINTS, PARENTS

OFFSETS = {
    "hip": (0.1, -0.07, 0.01),
    "knee": (0.01, -0.4, 0.02),
    "ankle": (0.0, -0.41, -0.03),
    "foot": (0.02, -0.06, 0.13),
    "collar": (0.08, 0.1, -0.02),
    "shoulder": (0.11, 0.03, 0.0),
    "elbow": (0.27, -0.01, 0.01),
    "wrist": (0.25, 0.0, 0.02),
    "spine1": (0.0, 0.11, -0.01),
    "spine2": (0.0, 0.13, 0.02),
    "spine3": (0.0, 0.06, 0.02),
    "neck": (0.0, 0.21, -0.03),
    "head": (0.0, 0.09, 0.05),
}


def offsets() -> np.ndarray:
    made = np.zeros((COUNT, 3))
    for joint, name in enumerate(JOINTS[1:], start=1):
        side, _, part = name.rpartition("_")
        made[joint] = np.array(OFFSETS[part]) * (-1 if side == "right" else 1, 1, 1)
    return made


def moving(frames: int = 60, seed: int = 0, swing: float = 0.6) -> np.ndarray:
    """Positions (frames, 22, 3) in metres: every joint turns by about ``swing`` radians."""
    draw = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None] / 20
    waves = [
        draw.normal(0, swing, (1, COUNT, 3))
        * np.sin(2 * np.pi * (draw.uniform(0.2, 1.5, (1, COUNT, 3)) * time + draw.uniform(size=3)))
        for _ in range(2)
    ]
    local = Rotation.from_rotvec(sum(waves).reshape(-1, 3)).as_matrix().reshape(frames, COUNT, 3, 3)
    # The pelvis turns by up to two circles and sways little.
    yaw = np.cumsum(draw.normal(0, 0.05, frames) + 0.05 * np.sin(time[:, 0, 0] + seed))
    body = Rotation.from_rotvec(0.15 * sum(waves)[:, 0]) * Rotation.from_euler("y", 0)
    local[:, 0] = (Rotation.from_euler("y", yaw[:, None]) * body).as_matrix()
    places, turned = np.zeros((frames, COUNT, 3)), local.copy()
    places[:, 0] = np.stack(
        [
            np.cumsum(0.03 * np.sin(yaw)),
            0.9 + 0.05 * np.sin(time[:, 0, 0]),
            np.cumsum(0.03 * np.cos(yaw)),
        ],
        axis=-1,
    )
    for joint in range(1, COUNT):
        parent = PARENTS[joint]
        places[:, joint] = places[:, parent] + turned[:, parent] @ offsets()[joint]
        turned[:, joint] = turned[:, parent] @ local[:, joint]
    return places
