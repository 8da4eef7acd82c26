"""Walking and running: a path, footsteps on it, and a body that follows its feet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.labs.motion.data.procedural_body import FOOT_LENGTH, STANDING, Pose, smooth
from engine.labs.motion.data.procedural_curves import ease, through
from engine.labs.motion.skeleton import FPS, turn

HEEL = 0.03  # metres behind the ankle
MARGIN = 40  # frames before and after, so that every step has a neighbour
Keys = tuple[Sequence[float], Sequence[float]]
# How far the foot points down: at shares of stance (0 to 1) and of swing (1 to 2).
WALKING: Keys = ((0, 0.2, 0.5, 1, 1.25, 1.65, 2), (-0.24, 0, 0, 0.75, 0.85, 0.05, -0.24))
RUNNING: Keys = ((0, 0.25, 0.5, 1, 1.4, 1.85, 2), (-0.05, 0, 0.05, 0.8, 1.1, -0.02, -0.05))
BACKWARD: Keys = ((0, 0.3, 0.8, 1, 1.5, 2), (0.45, 0, 0, -0.1, 0.25, 0.45))
SIDEWAYS: Keys = ((0, 0.3, 0.7, 1, 1.5, 2), (0.25, 0, 0, 0.35, 0.4, 0.25))


@dataclass(frozen=True)
class Gait:
    """How somebody goes: metres, radians, seconds.

    ``travel`` is the direction of travel as the body sees it, left positive; ``cadence`` counts
    steps of one foot a second, ``stance`` is the share of that time in which it stands.
    ``swing`` and ``arm`` are the swing of the arms and their length as a share. A foot neither
    stops nor starts at once: ``soft`` frames of a Gaussian.
    """

    speed: float = 1.1
    cadence: float = 0.92
    stance: float = 0.61
    travel: float = 0.0
    toes: Keys = WALKING
    width: float = 0.075
    lift: float = 0.12
    crouch: float = 0.0
    bob: float = 0.015
    sway: float = 0.02
    swing: float = 0.4
    raised: float = 0.05
    arm: float = 0.985
    bend: float = 0.04
    twist: float = 0.18
    soft: float = 0.8


def travel(gait: Gait, turned: np.ndarray, start: float) -> Pose:
    """A body on its way; ``turned`` (T,) is its heading, ``start`` the share of the first step."""
    frames = len(turned)
    at = np.arange(-MARGIN, frames + MARGIN) / FPS
    yaw = np.interp(at, np.arange(frames) / FPS, turned)
    way = turn(np.array([np.sin(gait.travel), 0, np.cos(gait.travel)]), yaw)
    path = np.cumsum(way * gait.speed / FPS, axis=0)
    phase = start + gait.cadence * at
    return follow(gait, path, yaw, phase, slice(MARGIN, MARGIN + frames))


def follow(
    gait: Gait,
    path: np.ndarray,
    yaw: np.ndarray,
    phase: np.ndarray,
    inside: slice,
    alive: np.ndarray | float = 1.0,
) -> Pose:
    """The frames ``inside`` of a body on ``path`` (T, 3), heading ``yaw`` (T,).

    ``phase`` (T,) counts steps of the left foot; where it rests the body stands. ``alive`` (T,)
    is how much of sway and swing there is.
    """
    left = plant_foot(gait, path, yaw, phase, 1.0)
    right = plant_foot(gait, path, yaw, phase + 0.5, -1.0)
    balls, toes, splay = (np.stack(both, axis=1) for both in zip(left, right, strict=True))
    stride = alive * np.cos(2 * np.pi * phase)
    load = alive * np.cos(2 * np.pi * (phase - gait.stance / 2))
    bob = alive * gait.bob * np.cos(4 * np.pi * (phase - gait.stance / 2))
    pelvis = path + turn(np.array([1.0, 0, 0]), yaw) * (gait.sway * load)[:, None]
    pelvis[:, 1] = STANDING - gait.crouch + bob
    lag = alive * np.cos(2 * np.pi * (phase - 0.06))
    hands = np.zeros((len(path), 2, 4))
    for side, sign in enumerate((-1.0, 1.0)):
        hands[:, side, 0] = gait.raised + sign * gait.swing * lag
        hands[:, side, 2] = gait.arm - 0.05 * (1 + sign * lag) / 2
        hands[:, side, 3] = 0.35
    forward = np.cos(gait.travel)
    leaning = gait.bend * np.ones(len(path[inside]))
    return Pose(
        pelvis[inside],
        balls[inside],
        toes[inside],
        splay[inside],
        hands[inside],
        yaw=(yaw - 0.09 * forward * stride)[inside],
        tilt=leaning / 2,
        roll=0.04 * load[inside],
        bend=leaning,
        lean=-0.06 * load[inside],
        twist=gait.twist * forward * lag[inside],
        nod=-leaning,
        look=-0.05 * lag[inside],
    )


def plant_foot(
    gait: Gait, path: np.ndarray, yaw: np.ndarray, phase: np.ndarray, sign: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ball (T, 3), pitch and direction (T,) of one foot, still in the first share of each step.

    ``path`` (T, 3), ``yaw`` (T,) and ``phase`` (T,), in steps of this foot, never falling; ``sign``
    is 1 for the left foot.
    """
    step = np.floor(phase)
    share = phase - step
    numbers = np.arange(step.min(), step.max() + 2)
    # A foot stands where the body is in the middle of the stance.
    middle = numbers + gait.stance / 2
    facing = np.interp(middle, phase, yaw)
    beside = turn(np.array([sign * gait.width, 0, 0.55 * FOOT_LENGTH]), facing)
    places = beside + np.stack([_ongoing(middle, phase, path[:, axis]) for axis in range(3)], -1)
    places[:, 1] = 0
    here = (step - numbers[0]).astype(int)
    swing = np.clip((share - gait.stance) / (1 - gait.stance), 0, 1)
    moved = ease(swing)
    ball = places[here] + moved[:, None] * (places[here + 1] - places[here])
    pointing = facing[here] + moved * (facing[here + 1] - facing[here]) + sign * 0.08
    toes = through(*gait.toes, np.where(share < gait.stance, share / gait.stance, 1 + swing))
    ball[:, 1] += gait.lift * np.sin(np.pi * swing**0.85) ** 2
    # A foot that points up stands on its heel.
    up = np.maximum(-toes, 0)
    ball[:, 1] += (FOOT_LENGTH + HEEL) * np.sin(up)
    return smooth(ball, gait.soft), smooth(toes, gait.soft), smooth(pointing, gait.soft)


def _ongoing(at: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Straight lines between known values, and on beyond the last ones."""
    inside = np.interp(at, known, values)
    before = (values[1] - values[0]) / (known[1] - known[0]) * np.minimum(at - known[0], 0)
    after = (values[-1] - values[-2]) / (known[-1] - known[-2]) * np.maximum(at - known[-1], 0)
    return inside + before + after
