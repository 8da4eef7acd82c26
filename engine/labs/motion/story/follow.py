"""A body that is steered along a way: bounded turns, the clip's own steps.

As in Story-to-Motion (arXiv 2311.07446, section 3.2) the way is aimed at anew from where the body
is, at every frame, so that errors do not add up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.labs.motion.features import ROOT, YAW, wrap
from engine.labs.motion.skeleton import FPS
from engine.labs.motion.story.ways import distance_to

AHEAD = 0.45  # metres along the way that are aimed at
GAIN = 0.25  # share of the missing turn that is made at a frame
TURN = 180.0  # degrees a second, the default bound
ARRIVED = 0.15  # metres
# The straightest clip still sways; what its steps do on average counts as ahead.
PATIENCE = 3.0  # times the frames that the way would take in a straight line


@dataclass(frozen=True)
class Stand:
    """Where a body stands: x and z in metres, heading in radians."""

    x: float = 0.0
    z: float = 0.0
    heading: float = 0.0

    @property
    def point(self) -> np.ndarray:
        """x and z (2,)."""
        return np.array([self.x, self.z])


def advance(stand: Stand, rows: np.ndarray) -> Stand:
    """Where the body stands after rows (n, 137)."""
    facing = stand.heading + np.concatenate([[0.0], np.cumsum(rows[:, 0], dtype=np.float64)])
    sin, cos = np.sin(facing[:-1]), np.cos(facing[:-1])
    side, ahead = rows[:, 1].astype(np.float64), rows[:, 2].astype(np.float64)
    return Stand(
        stand.x + float((cos * side + sin * ahead).sum()),
        stand.z + float((cos * ahead - sin * side).sum()),
        _angle(float(facing[-1])),
    )


def track(stand: Stand, rows: np.ndarray) -> np.ndarray:
    """x and z (n + 1, 2) of the pelvis over rows (n, 137), the start included."""
    facing = stand.heading + np.concatenate([[0.0], np.cumsum(rows[:-1, 0], dtype=np.float64)])
    sin, cos = np.sin(facing), np.cos(facing)
    side, ahead = rows[:, 1].astype(np.float64), rows[:, 2].astype(np.float64)
    steps = np.stack([cos * side + sin * ahead, cos * ahead - sin * side], axis=-1)
    return stand.point + np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])


@dataclass(eq=False)
class Aim:
    """How far along a way (points, 2) a body is; it only goes on, so that loops are walked."""

    way: np.ndarray
    at: int = 0

    def next(self, point: np.ndarray) -> np.ndarray:
        """The point (2,) to aim at from ``point``."""
        reach = slice(self.at, self.at + WINDOW)
        near = np.hypot(*(self.way[reach] - point).T)
        self.at += int(near.argmin())
        steps = round(AHEAD / max(self._spacing, 1e-6))
        return self.way[min(self.at + steps, len(self.way) - 1)]

    def arrived(self, point: np.ndarray) -> bool:
        """Whether the end is reached, or passed by."""
        last = len(self.way) - 1
        gap = float(np.hypot(*(self.way[-1] - point)))
        if self.at < last - round(AHEAD / max(self._spacing, 1e-6)):
            return False
        along = self.way[-1] - self.way[max(0, last - 3)]
        return gap < ARRIVED or float(along @ (self.way[-1] - point)) <= 0

    @property
    def left(self) -> float:
        """Metres that are left."""
        return (len(self.way) - 1 - self.at) * self._spacing

    @property
    def _spacing(self) -> float:
        return float(np.hypot(*(self.way[1] - self.way[0])))


WINDOW = 14  # points of the way, 0.7 m: nearer points beyond belong to another stretch of a loop


def steer(
    rows: np.ndarray, stand: Stand, aim: Aim, turn: float = TURN
) -> tuple[np.ndarray, Stand, bool]:
    """The rows (n, 137) of a clip steered along ``aim.way`` until its end, or to the clip's end.

    The clip's mean turn gives way to turns towards the point aimed at, of at most ``turn`` degrees
    a second; how it sways, and its steps as the body sees them, stay. Returns the rows that were
    used, where the body stands behind them, and whether the way's end is reached.
    """
    bound = np.deg2rad(turn) / FPS
    mean = rows[:, ROOT].mean(0)
    # A body that walks sideways or backwards is turned so that it moves, not looks, ahead.
    slant = float(np.arctan2(mean[0], mean[1])) if np.hypot(*mean) > 1e-4 else 0.0
    sway = rows[:, 0] - rows[:, 0].mean()
    made = rows.copy()
    x, z, heading = stand.x, stand.z, stand.heading
    for at in range(len(rows)):
        point = np.array([x, z])
        goal = aim.next(point)
        if aim.arrived(point):
            return made[:at], Stand(x, z, _angle(heading)), True
        wanted = float(np.arctan2(goal[0] - x, goal[1] - z)) - slant
        missing = _angle(wanted - heading)
        turned = float(np.clip(GAIN * missing, -bound, bound) + np.clip(sway[at], -bound, bound))
        sin, cos = np.sin(heading), np.cos(heading)
        side, ahead = float(rows[at, 1]), float(rows[at, 2])
        x, z = x + cos * side + sin * ahead, z + cos * ahead - sin * side
        made[at, YAW] = turned
        heading += turned
    return made, Stand(x, z, _angle(heading)), False


def _angle(radians: float) -> float:
    return float(wrap(np.asarray(radians)))


@dataclass(frozen=True, eq=False)
class Followed:
    """How a way was walked: ``path`` (frames, 2) in metres, and how far it is from the way.

    ``error`` is the mean over frames of the distance to the nearest point of the way, ``worst``
    the greatest, ``end`` that of the last frame to the way's end; metres. ``reached`` says whether
    the end was reached.
    """

    path: np.ndarray
    error: float
    worst: float
    end: float
    reached: bool


def measure(way: np.ndarray, path: np.ndarray, *, reached: bool) -> Followed:
    """The distances of a path (frames, 2) from the way (points, 2) that it should follow."""
    apart = distance_to(way, path)
    end = float(np.hypot(*(path[-1] - way[-1])))
    return Followed(path, float(apart.mean()), float(apart.max()), end, reached)


def walk(
    way: np.ndarray,
    stand: Stand,
    piece: Callable[[int, Stand, Aim], np.ndarray],
    *,
    turn: float = TURN,
    most: int = 600,
) -> tuple[list[np.ndarray], Stand, Followed]:
    """Walk a way with pieces of clips until its end.

    ``piece(number, stand, aim)`` gives the next rows (n, 137). Stops after ``most`` frames. Returns
    the steered pieces, where the body stands, and how the way was followed.
    """
    aim, start = Aim(way), stand
    used: list[np.ndarray] = []
    total, reached = 0, False
    while total < most and not reached:
        rows = piece(len(used), stand, aim)[: most - total]
        made, stand, reached = steer(rows, stand, aim, turn)
        if len(made):
            used.append(made)
            total += len(made)
    joined = np.concatenate(used) if used else np.zeros((0, 3), dtype=np.float32)
    path = track(start, joined) if len(joined) else start.point[None]
    return used, stand, measure(way, path, reached=reached)
