"""Feet that hold the floor: the pelvis moves so that feet in contact stay where they are."""

from __future__ import annotations

import numpy as np

from engine.labs.motion.features import CONTACT, ROOT, VELOCITY, decode
from engine.labs.motion.skeleton import FEET, heading, turn

LOW = 0.05  # metres: a foot above this touches nothing, whatever its contact says


def anchor_feet(rows: np.ndarray) -> np.ndarray:
    """Rows (rows, 137), in metres, of the same poses on another path over the floor.

    A network predicts poses and steps apart, and small differences between them let feet slide.
    Where ankles or feet are in contact by their own predicted numbers and lower than 5 cm, their
    mean displacement along the floor is taken off the step of the whole body. Poses, heights and
    headings stay as they are; without contact nothing changes. Raises BadInput for another width.
    """
    positions = decode(rows.astype(np.float64))
    feet = positions[:, FEET]
    low = np.minimum(feet[:-1, :, 1], feet[1:, :, 1]) < LOW
    holds = (rows[:, CONTACT] * low)[..., None]
    slide = (holds * np.diff(feet, axis=0)).sum(1) / np.maximum(holds.sum(1), 1)
    slide[:, 1] = 0
    taken = turn(slide, -heading(positions)[:-1])
    made = rows.copy()
    made[:, ROOT] -= taken[:, [0, 2]]
    made[:, VELOCITY] -= np.tile(taken, len(range(VELOCITY.start, VELOCITY.stop)) // 3)
    return made
