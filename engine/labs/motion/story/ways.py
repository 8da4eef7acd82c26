"""Ways over the floor: around round obstacles by the shortest path, and shapes to walk."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from engine.labs.motion.story.places import Place

BODY = 0.35  # metres that a body keeps from what stands in the way
CORNERS = 16
SPACING = 0.05  # metres between the points of a way


def plan_way(start: np.ndarray, goal: Place, plan: Sequence[Place]) -> np.ndarray:
    """Points (n, 2) x and z in metres, 5 cm apart, from ``start`` (2,) to where the goal is met.

    A goal that stands in the way itself is met at its edge. The shortest polyline over points
    around the obstacles. Whoever starts too near to an obstacle first steps away from it; one
    that the end lies within is left out of account.
    """
    first = start
    for one in plan:
        start = _edge(start, one) if 0 < _apart(one, start) < one.radius + BODY else start
    end = _edge(start, goal)
    round_ = [
        (np.array([one.x, one.z]), one.radius + BODY)
        for one in plan
        if one.radius > 0 and min(_apart(one, start), _apart(one, end)) > one.radius + BODY - 1e-6
    ]
    points = [start, end]
    for centre, radius in round_:
        # Straight lines between neighbouring corners must stay outside.
        wide = radius / np.cos(np.pi / CORNERS) + 1e-3
        angles = 2 * np.pi * np.arange(CORNERS) / CORNERS
        ring = centre + wide * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        points += [p for p in ring if all(np.hypot(*(p - c)) > r for c, r in round_)]
    path = shortest(np.array(points), round_) or [0, 1]
    return spaced(np.array([first, *np.array(points)[path]]))


def shortest(points: np.ndarray, obstacles: Sequence[tuple[np.ndarray, float]]) -> list[int]:
    """Numbers of the points (n, 2) from the first to the second by the shortest free way.

    An obstacle is a centre and a radius in metres. Empty where there is no free way.
    """
    best: dict[int, float] = {0: 0.0}
    before: dict[int, int] = {}
    queue, done = [(0.0, 0)], set()
    while queue:
        length, at = heapq.heappop(queue)
        if at == 1:
            way = [1]
            while way[-1] != 0:
                way.append(before[way[-1]])
            return way[::-1]
        if at in done:
            continue
        done.add(at)
        free = _free(points[at], points, obstacles)
        steps = np.hypot(*(points - points[at]).T)
        for to in np.flatnonzero(free).tolist():
            total = length + float(steps[to])
            if total < best.get(to, np.inf):
                best[to], before[to] = total, at
                heapq.heappush(queue, (total, to))
    return []


def _free(
    start: np.ndarray, ends: np.ndarray, obstacles: Sequence[tuple[np.ndarray, float]]
) -> np.ndarray:
    """Whether the straight line to each end (n,) misses every obstacle."""
    along = ends - start
    squares = np.maximum((along**2).sum(-1), 1e-12)
    free = np.ones(len(ends), dtype=bool)
    for centre, radius in obstacles:
        share = np.clip(((centre - start) * along).sum(-1) / squares, 0, 1)
        nearest = start + share[:, None] * along
        free &= np.hypot(*(nearest - centre).T) >= radius - 1e-9
    return free


def spaced(corners: np.ndarray, spacing: float = SPACING) -> np.ndarray:
    """Points (n, 2) about ``spacing`` metres apart along a polyline (corners, 2), ends included."""
    steps = np.hypot(*np.diff(corners, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(2, int(np.ceil(along[-1] / spacing)) + 1)
    at = np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, corners[:, axis]) for axis in (0, 1)], axis=-1)


def length(way: np.ndarray) -> float:
    """Metres along a way (n, 2)."""
    return float(np.hypot(*np.diff(way, axis=0).T).sum())


def shape(name: str, start: np.ndarray, heading: float, size: float = 1.5) -> np.ndarray:
    """A way (n, 2) of a shape from ``start`` (2,), first in the direction ``heading`` (radians).

    "circle" of radius ``size`` to the left, "square" with sides of twice that to the left, "wave"
    of two periods of 4 ``size`` metres whose height is half of ``size``.
    """
    if name == "circle":
        turn = np.linspace(0, 2 * np.pi, 120)
        ahead, left = size * np.sin(turn), size * (1 - np.cos(turn))
    elif name == "square":
        side = 2 * size
        ahead, left = np.array([(0, 0), (side, 0), (side, side), (0, side), (0, 0)], float).T
    else:
        ahead = np.linspace(0, 8 * size, 200)
        left = 0.5 * size * np.sin(2 * np.pi * ahead / (4 * size))
    # Ahead is (sin, cos) of the heading in x and z, left is (cos, -sin).
    sin, cos = np.sin(heading), np.cos(heading)
    points = np.stack([ahead * sin + left * cos, ahead * cos - left * sin], axis=-1)
    return spaced(start + points)


def straight(start: np.ndarray, heading: float, metres: float) -> np.ndarray:
    """A way (n, 2) straight ahead."""
    return spaced(np.stack([start, start + metres * np.array([np.sin(heading), np.cos(heading)])]))


def distance_to(way: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Metres from each point (n, 2) to the nearest point of the way's polyline."""
    along = np.diff(way, axis=0)
    squares = np.maximum((along**2).sum(-1), 1e-12)
    from_start = points[:, None] - way[None, :-1]
    share = np.clip((from_start * along).sum(-1) / squares, 0, 1)
    nearest = way[None, :-1] + share[..., None] * along
    return np.hypot(*np.moveaxis(points[:, None] - nearest, -1, 0)).min(1)


def _edge(start: np.ndarray, goal: Place) -> np.ndarray:
    centre = np.array([goal.x, goal.z])
    if goal.radius <= 0:
        return centre
    away = start - centre
    far = float(np.hypot(*away))
    direction = away / far if far > 1e-6 else np.array([0.0, -1.0])
    return centre + direction * (goal.radius + BODY)


def _apart(place: Place, point: np.ndarray) -> float:
    return float(np.hypot(place.x - point[0], place.z - point[1]))
