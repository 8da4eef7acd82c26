"""Bodies and boxes of a toy scene, as the stage plays them."""

from __future__ import annotations

import numpy as np

from engine.labs.motion.data.procedural_body import (
    FOREARM,
    UPPER_ARM,
    pose_body,
    reach,
    smooth,
)
from engine.labs.motion.data.procedural_gait import MARGIN, Gait, follow
from engine.labs.motion.skeleton import COUNT, FPS, INDEX, PARENTS, turn
from engine.labs.motion.transient.scenes import HALF_STRIDE, RATE

BOX = 0.09  # metres, half an edge
# One line along all twelve edges of a box, some of them twice.
EDGES = (0, 1, 2, 3, 0, 4, 5, 6, 7, 4, 5, 1, 2, 6, 7, 3)
CORNERS = BOX * np.array(
    [(-1, -1, -1), (1, -1, -1), (1, -1, 1), (-1, -1, 1),
     (-1, 1, -1), (1, 1, -1), (1, 1, 1), (-1, 1, 1)]
)  # fmt: skip
BELOW = np.array([0, -BOX, 0])  # a box hangs under the hand that takes it
BOXES = 2
# A hand beyond this share of the arm makes the body bend: radians for each metre, a few times.
REACHED, BENT_BY, BENDINGS = 0.95, 1.8, 4


def scene_parents() -> tuple[int, ...]:
    """The body's bones, then one line for each box."""
    found = list(PARENTS)
    for box in range(BOXES):
        first = COUNT + box * len(EDGES)
        found += [-1, *range(first, first + len(EDGES) - 1)]
    return tuple(found)


def scene_positions(
    root: np.ndarray, hand: np.ndarray, boxes: np.ndarray, phase: float
) -> np.ndarray:
    """Positions (2 T - 1, 54, 3) at 20 frames a second of a scene at 10.

    ``root`` (T, 3), ``hand`` (T, 3) and ``boxes`` (T, 2, 3) as in ``Scenes``; ``phase`` is that of
    the left foot at the first frame. Legs follow the root: the networks forecast no feet.
    """
    root, hand, boxes = (_twice(one) for one in (root, hand, boxes))
    there = turn(hand, root[:, 2]) + np.stack(
        [root[:, 0], np.zeros(len(root)), root[:, 1]], axis=-1
    )
    body = _body(root, phase, there)
    shoulder = body[:, INDEX["right_shoulder"]]
    aside = turn(np.array([-0.2, -1.0, -0.6]), root[:, 2])
    elbow, wrist = reach(shoulder, there, aside, UPPER_ARM, FOREARM)
    body[:, INDEX["right_elbow"]], body[:, INDEX["right_wrist"]] = elbow, wrist
    lines = boxes[:, :, None] + BELOW + CORNERS[list(EDGES)]
    return np.concatenate([body, lines.reshape(len(body), -1, 3)], axis=1)


def _body(root: np.ndarray, phase: float, hand: np.ndarray) -> np.ndarray:
    """A body whose feet take a step for every 0.6 m, and which bends where the hand is far."""
    gait = Gait()
    place = np.stack([root[:, 0], np.zeros(len(root)), root[:, 1]], axis=-1)
    ahead = turn(np.array([0, 0, 1.0]), root[[0, -1], 2]) * gait.speed / FPS
    reach_ = np.arange(1, MARGIN + 1)[:, None]
    path = np.concatenate(
        [place[0] - reach_[::-1] * ahead[0], place, place[-1] + reach_ * ahead[1]]
    )
    yaw = np.pad(root[:, 2], MARGIN, mode="edge")
    gone = np.linalg.norm(np.diff(path, axis=0, prepend=path[:1]), axis=-1)
    steps = np.cumsum(gone) / (2 * HALF_STRIDE)
    steps += phase - steps[MARGIN]
    alive = smooth(np.clip(gone * FPS, 0, 1), 3.0)
    inside = slice(MARGIN, MARGIN + len(root))
    pose = follow(gait, path, yaw, steps, inside, alive)
    body = pose_body(pose)
    for _ in range(BENDINGS):
        away = np.linalg.norm(hand - body[:, INDEX["right_shoulder"]], axis=-1)
        more = smooth(np.maximum(away - REACHED * (UPPER_ARM + FOREARM), 0), 2.0) * BENT_BY
        pose.bend = pose.bend + more / 2
        pose.tilt = pose.tilt + more / 2
        body = pose_body(pose)
    return body


def _twice(values: np.ndarray) -> np.ndarray:
    """The same at 20 frames a second: the middle of two frames between them."""
    assert 2 * RATE == FPS
    made = np.repeat(values.astype(float), 2, axis=0)[:-1]
    made[1::2] = (values[:-1] + values[1:]) / 2
    return made
