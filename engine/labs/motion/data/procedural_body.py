"""Forward kinematics of the lab's body, all frames at once; feet and hands by two-bone reach.

Angles are radians. A turn about x bends forward, about y turns left, about z leans to the right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.labs.motion.skeleton import COUNT, INDEX

THIGH = SHIN = 0.4
UPPER_ARM, FOREARM = 0.27, 0.25
ARM = UPPER_ARM + FOREARM
ANKLE_HEIGHT, FOOT_LENGTH = 0.08, 0.09  # from the ball of the foot to the ankle
HIP = np.array([0.085, -0.05, 0.0])
VERTEBRA, NECK, HEAD = 0.1, 0.14, 0.1
COLLAR = np.array([0.05, 0.09, 0.0])
SHOULDER = np.array([0.115, 0.0, 0.0])
# The leg is never quite straight: a straight knee would snap when it bends again.
LEG_REACH = 0.97 * (THIGH + SHIN)
SPREAD = 0.12  # a hanging arm keeps clear of the hip
STANDING = ANKLE_HEIGHT + 0.78 - HIP[1]
SIDES = (("left", 1.0), ("right", -1.0))


def about(axis: int, angle: np.ndarray) -> np.ndarray:
    """Rotations (..., 3, 3) by ``angle`` (...) about x (0), y (1) or z (2)."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    made = np.zeros((*np.shape(angle), 3, 3))
    made[..., axis, axis] = 1
    made[..., first, first] = made[..., second, second] = np.cos(angle)
    made[..., second, first] = np.sin(angle)
    made[..., first, second] = -np.sin(angle)
    return made


def apply(rotation: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """The vectors (..., 3) turned by the rotations (..., 3, 3)."""
    return (rotation @ np.asarray(vector)[..., None])[..., 0]


def reach(
    start: np.ndarray, end: np.ndarray, bend: np.ndarray, upper: float, lower: float
) -> tuple[np.ndarray, np.ndarray]:
    """The middle joint and the end (..., 3) of two bones from ``start`` towards ``end``.

    ``bend`` (..., 3) is the side to which the middle joint goes. An end that is out of reach is
    brought in along the line to it.
    """
    line = end - start
    far = np.linalg.norm(line, axis=-1, keepdims=True)
    line = line / np.maximum(far, 1e-9)
    far = np.clip(far, abs(upper - lower) + 1e-6, upper + lower)
    along = (upper**2 - lower**2 + far**2) / (2 * far)
    aside = np.sqrt(np.maximum(upper**2 - along**2, 0))
    out = bend - (bend * line).sum(-1, keepdims=True) * line
    out = out / np.maximum(np.linalg.norm(out, axis=-1, keepdims=True), 1e-9)
    return start + along * line + aside * out, start + far * line


@dataclass(eq=False)
class Pose:
    """What a body of T frames does; a number stands for all frames.

    ``pelvis`` (T, 3) in metres; ``yaw``, ``tilt`` and ``roll`` turn the pelvis; ``bend``, ``lean``
    and ``twist`` the spine from pelvis to chest; ``nod`` and ``look`` the head. ``balls`` (T, 2, 3)
    are the balls of the left and the right foot, ``toes`` (T, 2) how far the foot points down and
    ``splay`` (T, 2) where it points to, from +z. ``hands`` (T, 2, 4): how far the wrist is lifted
    (0 hangs down, pi is up), to which side (0 forward, pi / 2 out), its distance from the shoulder
    as a share of the arm, and how far the elbow is turned outwards.
    """

    pelvis: np.ndarray
    balls: np.ndarray
    toes: np.ndarray
    splay: np.ndarray
    hands: np.ndarray
    yaw: np.ndarray | float = 0.0
    tilt: np.ndarray | float = 0.0
    roll: np.ndarray | float = 0.0
    bend: np.ndarray | float = 0.0
    lean: np.ndarray | float = 0.0
    twist: np.ndarray | float = 0.0
    nod: np.ndarray | float = 0.0
    look: np.ndarray | float = 0.0


def pose_body(pose: Pose) -> np.ndarray:
    """Positions (T, 22, 3) in metres; the pelvis sinks where a planted foot is out of reach."""
    count = len(pose.pelvis)
    made = np.zeros((count, COUNT, 3))

    def of(angle: np.ndarray | float) -> np.ndarray:
        return np.broadcast_to(angle, count)

    hips = about(1, of(pose.yaw)) @ about(2, of(pose.roll)) @ about(0, of(pose.tilt))
    ankles = np.stack([_ankle(pose, side) for side in (0, 1)], axis=1)
    pelvis = pose.pelvis.copy()
    pelvis[:, 1] -= _sink(pelvis, hips, ankles)
    made[:, 0] = pelvis
    for side, (name, sign) in enumerate(SIDES):
        hip = pelvis + apply(hips, HIP * [sign, 1, 1])
        ahead = apply(about(1, (of(pose.yaw) + pose.splay[:, side]) / 2), np.array([0, 0, 1.0]))
        knee, ankle = reach(hip, ankles[:, side], ahead, THIGH, SHIN)
        foot = ankle + apply(_foot(pose, side), np.array([0, -ANKLE_HEIGHT, FOOT_LENGTH]))
        found = {"hip": hip, "knee": knee, "ankle": ankle, "foot": foot}
        for joint, place in found.items():
            made[:, INDEX[f"{name}_{joint}"]] = place
    third = [of(angle) / 3 for angle in (pose.twist, pose.lean, pose.bend)]
    curve = about(1, third[0]) @ about(2, third[1]) @ about(0, third[2])
    chest, spine = hips, pelvis
    for name in ("spine1", "spine2", "spine3"):
        spine = spine + apply(chest, np.array([0, VERTEBRA, 0]))
        chest = chest @ curve
        made[:, INDEX[name]] = spine
    neck = spine + apply(chest, np.array([0, NECK, 0]))
    skull = chest @ about(1, of(pose.look)) @ about(0, of(pose.nod))
    made[:, INDEX["neck"]] = neck
    made[:, INDEX["head"]] = neck + apply(skull, np.array([0, HEAD, 0.03]))
    for side, (name, sign) in enumerate(SIDES):
        collar = spine + apply(chest, COLLAR * [sign, 1, 1])
        shoulder = collar + apply(chest, SHOULDER * [sign, 1, 1])
        lift, out, share, elbow = np.moveaxis(pose.hands[:, side], -1, 0)
        apart = about(2, sign * SPREAD * (1 + np.cos(lift)) / 2)
        arm = chest @ apart @ about(1, sign * out) @ about(0, -lift)
        wrist = shoulder + apply(arm, np.array([0, -ARM, 0])) * share[:, None]
        aside = apply(arm @ about(1, -sign * elbow), np.array([0, 0, -1.0]))
        bent, wrist = reach(shoulder, wrist, aside, UPPER_ARM, FOREARM)
        found = {"collar": collar, "shoulder": shoulder, "elbow": bent, "wrist": wrist}
        for joint, at in found.items():
            made[:, INDEX[f"{name}_{joint}"]] = at
    return made


def _foot(pose: Pose, side: int) -> np.ndarray:
    return about(1, pose.splay[:, side]) @ about(0, pose.toes[:, side])


def _ankle(pose: Pose, side: int) -> np.ndarray:
    return pose.balls[:, side] + apply(_foot(pose, side), np.array([0, ANKLE_HEIGHT, -FOOT_LENGTH]))


def _sink(pelvis: np.ndarray, hips: np.ndarray, ankles: np.ndarray) -> np.ndarray:
    """How far the pelvis has to sink (frames,) for both ankles to be in reach, smooth in time."""
    too_high = np.zeros(len(pelvis))
    for side, (_, sign) in enumerate(SIDES):
        hip = pelvis + apply(hips, HIP * [sign, 1, 1])
        away = np.linalg.norm((ankles[:, side] - hip)[:, [0, 2]], axis=-1)
        highest = ankles[:, side, 1] + np.sqrt(np.maximum(LEG_REACH**2 - away**2, 0.01))
        too_high = np.maximum(too_high, hip[:, 1] - highest)
    return smooth(_widest(too_high, 2), 1.2)


def _widest(values: np.ndarray, frames: int) -> np.ndarray:
    """The greatest value within ``frames`` to both sides."""
    padded = np.pad(values, frames, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * frames + 1).max(-1)


def smooth(values: np.ndarray, frames: float) -> np.ndarray:
    """``values`` (frames, ...) under a Gaussian of that many frames; the ends are held."""
    half = int(np.ceil(3 * frames))
    weights = np.exp(-0.5 * (np.arange(-half, half + 1) / frames) ** 2)
    weights /= weights.sum()
    padded = np.concatenate([values[:1].repeat(half, 0), values, values[-1:].repeat(half, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(weights), axis=0)
    return windows @ weights
