"""Motion matching: which moment of which clip goes on best from where a body is.

The groups of Story-to-Motion (arXiv 2311.07446, section 3.2): feet and hips, the way ahead, the
upper body. The feature of a learned autoencoder is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.labs.motion.features import LOCAL, VELOCITY
from engine.labs.motion.skeleton import FEET, INDEX, JOINTS
from engine.labs.motion.story.follow import Stand, track

K_MOTION = 10
AHEAD = (10, 20)  # frames ahead at which ways are compared
EVERY = 5  # frames between the moments that are looked at
LEAST_LEFT = 21  # frames that must be left behind a moment
UPPER = tuple(
    INDEX[name] for name in ("left_elbow", "right_elbow", "left_wrist", "right_wrist", "head")
)
# Shares of the groups in a distance: assumed, the paper's are not stated.
WEIGHTS = {"lower": 1.0, "way": 1.5, "upper": 0.5}


@dataclass(frozen=True)
class Moment:
    """``clip`` is a number among the candidates, ``start`` a row, ``distance`` how far it is."""

    clip: int
    start: int
    distance: float


def poses(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Feet with their speeds and the speed of the hips (n, 27), upper body with speeds (n, 30)."""
    feet, upper = _columns(FEET), _columns(UPPER)
    hips = range(VELOCITY.start, VELOCITY.start + 3)
    return {
        "lower": rows[:, [*feet[0], *feet[1], *hips]].astype(np.float64),
        "upper": rows[:, [*upper[0], *upper[1]]].astype(np.float64),
    }


def way_ahead(rows: np.ndarray, starts: Sequence[int]) -> np.ndarray:
    """Where a clip (rows, 137) goes, seen from each start (n, 6): x, z, turn 10, 20 frames on."""
    facing = np.concatenate([[0.0], np.cumsum(rows[:, 0], dtype=np.float64)])
    path = track(Stand(), rows)
    found = []
    for start in starts:
        row: list[float] = []
        for ahead in AHEAD:
            to = min(start + ahead, len(rows))
            x, z = path[to] - path[start]
            sin, cos = np.sin(facing[start]), np.cos(facing[start])
            row += [cos * x - sin * z, sin * x + cos * z, facing[to] - facing[start]]
        found.append(row)
    return np.array(found)


def wanted_way(way: np.ndarray, at: int, stand: Stand, speed: float) -> np.ndarray:
    """What ``way_ahead`` should be (6,) on a way (points, 2) from its point ``at`` on.

    ``speed`` in metres a frame tells how far a body gets.
    """
    spacing = max(float(np.hypot(*(way[1] - way[0]))), 1e-6)
    row: list[float] = []
    for ahead in AHEAD:
        to = min(at + round(speed * ahead / spacing), len(way) - 1)
        x, z = way[to] - stand.point
        sin, cos = np.sin(stand.heading), np.cos(stand.heading)
        before = way[max(0, to - 4)]
        facing = np.arctan2(*(way[to] - before)) if to else stand.heading
        turned = (facing - stand.heading + np.pi) % (2 * np.pi) - np.pi
        row += [cos * x - sin * z, sin * x + cos * z, turned]
    return np.array(row)


def speed_of(clips: Sequence[np.ndarray]) -> float:
    """The median over clips (rows, 137) of how far the pelvis gets in a frame, in metres."""
    return float(np.median([np.hypot(rows[:, 1], rows[:, 2]).mean() for rows in clips]))


def match(
    clips: Sequence[np.ndarray],
    last: np.ndarray | None,
    way: np.ndarray | None = None,
    *,
    within: bool = False,
    count: int = K_MOTION,
) -> list[Moment]:
    """The best moment of each clip (rows, 137), the ``count`` nearest, nearest first.

    ``last`` (137,) is the row to go on from, None at the start; ``way`` (6,) what ``wanted_way``
    tells, None where it does not matter. ``within`` looks at moments within clips too, else only
    at their beginnings. A distance is the root of the weighted mean squares of z-scores over the
    moments that are looked at.
    """
    starts = [moments(len(rows)) if within else [0] for rows in clips]
    owners = np.repeat(np.arange(len(clips)), [len(one) for one in starts])
    places = np.concatenate(starts).astype(int)
    total = np.zeros(len(owners))
    if last is not None:
        found = [poses(rows[one]) for rows, one in zip(clips, starts, strict=True)]
        wanted = poses(last[None])
        for name in ("lower", "upper"):
            values = np.concatenate([one[name] for one in found])
            total += WEIGHTS[name] * _apart(values, wanted[name][0])
    if way is not None:
        values = np.concatenate(
            [way_ahead(rows, one) for rows, one in zip(clips, starts, strict=True)]
        )
        total += WEIGHTS["way"] * _apart(values, way)
    order = np.argsort(total, kind="stable")
    seen: dict[int, Moment] = {}
    for at in order.tolist():
        clip = int(owners[at])
        if clip not in seen:
            seen[clip] = Moment(clip, int(places[at]), float(np.sqrt(total[at])))
        if len(seen) == count:
            break
    return list(seen.values())


def moments(length: int) -> list[int]:
    """The rows of a clip that a body may enter it at."""
    return list(range(0, max(1, length - LEAST_LEFT), EVERY))


def _apart(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Mean squares (n,) of z-scored differences of values (n, width) to what is wanted (width,)."""
    deviation = np.maximum(values.std(axis=0), 1e-3)
    return (((values - wanted) / deviation) ** 2).mean(axis=1)


def _columns(joints: Sequence[int]) -> tuple[list[int], list[int]]:
    if 0 in joints:
        raise ValueError(f"{JOINTS[0]} is not among the joints around it")
    local = [LOCAL.start + 3 * (joint - 1) + axis for joint in joints for axis in range(3)]
    moved = [VELOCITY.start + 3 * joint + axis for joint in joints for axis in range(3)]
    return local, moved
