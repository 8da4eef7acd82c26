"""Poses compared: in the room, and as seen from the body."""

from __future__ import annotations

import numpy as np

from engine.labs.motion.skeleton import heading, turn


def seen_from_body(positions: np.ndarray) -> np.ndarray:
    """The same poses over one spot of the floor, facing ahead: what does not add up on the way.

    ``positions`` (..., frames, 22, 3) in metres.
    """
    below = positions[..., :1, :] * np.array([1, 0, 1], dtype=positions.dtype)
    return turn(positions - below, -heading(positions)[..., None])


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Mean distance of a joint (..., frames) in metres, of positions (..., frames, 22, 3)."""
    return np.linalg.norm(one - other, axis=-1).mean(-1)


def pose_speed(positions: np.ndarray) -> float:
    """Metres that a joint moves from frame to frame on average, seen from the body."""
    poses = seen_from_body(positions.astype(np.float64))
    return float(apart(poses[1:], poses[:-1]).mean())


def enlarge(shift: np.ndarray, times: float) -> np.ndarray:
    """A difference of positions (..., 22, 3) with that of the pose ``times`` as large.

    The pelvis keeps the difference that it has: the way through the room is not enlarged.
    """
    place = shift[..., :1, :]
    return place + times * (shift - place)
