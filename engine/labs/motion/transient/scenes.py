"""Toy scenes: somebody walks to a box, takes it with the right hand, carries it and puts it down.

Made by a plan, not recorded. The second box stands aside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.seeds import rng
from engine.labs.motion.data.procedural_curves import ease
from engine.labs.motion.skeleton import turn

RATE = 10  # frames a second of what the networks see
FRAMES = 90
HALF_STRIDE = 0.6  # metres between two steps: who stops, stops with both feet on the floor
HANGING, CARRIED = np.array([-0.25, 0.72, 0.05]), np.array([-0.12, 1.02, 0.34])
AHEAD = np.array([-0.16, 0.0, 0.42])  # of the root, where a box stands that is taken
SWING = 0.16
WALK, REACH, LIFT, CARRY, PUT, BACK = range(6)


@dataclass(frozen=True, eq=False)
class Scenes:
    """``root`` (n, T, 3): x, z in metres and heading in radians; ``hand`` (n, T, 3) as seen from
    the point below the root; ``boxes`` (n, T, 2, 3) in the room; ``contact`` (n, T) 0 or 1;
    ``phase`` (n, T) of the left foot, in steps; ``taken`` (n,) is the box that is carried.
    """

    root: np.ndarray
    hand: np.ndarray
    boxes: np.ndarray
    contact: np.ndarray
    phase: np.ndarray
    taken: np.ndarray

    def __len__(self) -> int:
        return len(self.root)

    def part(self, which: np.ndarray | slice, frames: slice = slice(None)) -> Scenes:
        """Some of the scenes, or some of their frames."""
        return Scenes(
            self.root[which, frames],
            self.hand[which, frames],
            self.boxes[which, frames],
            self.contact[which, frames],
            self.phase[which, frames],
            self.taken[which],
        )


def make_scenes(count: int, seed: int = 0) -> Scenes:
    """``count`` scenes of 9 s; scene n is the same for every count."""
    made = [_scene(rng(seed, "scene", number)) for number in range(count)]
    return Scenes(*(np.stack(parts) for parts in zip(*made, strict=True)))


def _scene(chance: np.random.Generator) -> tuple[np.ndarray, ...]:
    lasts = [chance.uniform(*span) for span in
             ((1.5, 2.5), (0.6, 0.8), (0.5, 0.7), (1.6, 2.4), (0.6, 0.8), (0.4, 0.6))]  # fmt: skip
    ends = np.cumsum(lasts)
    at = np.arange(FRAMES) / RATE
    ways = HALF_STRIDE * np.array([chance.integers(3, 5), chance.integers(2, 4)])
    goes = _walk(at, 0, ends[WALK], ways[0]) + _walk(at, ends[LIFT], ends[CARRY], ways[1])
    goes += np.maximum(at - ends[BACK], 0) ** 2 / (np.maximum(at - ends[BACK], 0) + 0.4)
    turns = chance.uniform(-0.9, 0.9, 2)
    yaw = turns[0] * ease(at / ends[WALK]) + turns[1] * ease((at - ends[LIFT]) / lasts[CARRY])
    step = np.diff(goes, prepend=0)[:, None] * turn(np.array([0, 0, 1.0]), yaw)
    place = np.cumsum(step, axis=0)
    root = np.stack([place[:, 0], place[:, 2], yaw], axis=-1)
    phase = (goes - ways[0]) / (2 * HALF_STRIDE) + 0.05 + 0.5 * chance.integers(2)

    heights = chance.uniform(0.75, 1.05, 2)
    first, last = _frame(at, ends[WALK]), _frame(at, ends[CARRY])
    from_, to = (_room(root[one], AHEAD + np.array([0, high, 0]))
                 for one, high in zip((first, last), heights, strict=True))  # fmt: skip
    swing = np.zeros((FRAMES, 3))
    swing[:, 2] = SWING * np.cos(2 * np.pi * (phase - 0.06)) * _moving(goes)
    hand = HANGING + swing
    for begin, end, target in (
        (ends[WALK], ends[REACH], AHEAD + np.array([0, heights[0], 0])),
        (ends[REACH], ends[LIFT], CARRIED),
        (ends[CARRY], ends[PUT], AHEAD + np.array([0, heights[1], 0])),
        (ends[PUT], ends[BACK], HANGING),
    ):
        share = ease((at - begin) / (end - begin))[:, None]
        hand = hand + share * (target - hand)
    contact = ((at >= ends[REACH]) & (at < ends[PUT])).astype(float)
    held = _room(root, hand)
    moved = np.where((at < ends[REACH])[:, None], from_,
                     np.where((at < ends[PUT])[:, None], held, to))  # fmt: skip
    angle, far = chance.uniform(-np.pi, np.pi), chance.uniform(0.9, 1.8)
    aside = from_ + far * np.array([np.sin(angle), 0, np.cos(angle)])
    aside[1] = chance.uniform(0.75, 1.05)
    taken = int(chance.integers(2))
    other = np.broadcast_to(aside, moved.shape)
    boxes = np.stack([moved, other] if taken == 0 else [other, moved], axis=1)
    return root, hand, boxes, contact, phase, np.array(taken)


def _walk(at: np.ndarray, begin: float, end: float, way: float) -> np.ndarray:
    """Metres gone: at an even speed that starts and stops within 0.4 s."""
    soft = 0.4
    speed = np.clip(np.minimum((at - begin) / soft, (end - at) / soft), 0, 1)
    if begin == 0:
        speed = np.clip((end - at) / soft, 0, 1)
    gone = np.cumsum(speed)
    return way * gone / gone[-1]


def _moving(goes: np.ndarray) -> np.ndarray:
    """1 at a walking speed, 0 at rest."""
    return np.clip(np.gradient(goes) * RATE, 0, 1)


def _frame(at: np.ndarray, time: float) -> int:
    return int(np.argmin(np.abs(at - time)))


def _room(root: np.ndarray, local: np.ndarray) -> np.ndarray:
    """Places (..., 3) in the room of places as seen from the root."""
    there = turn(local, root[..., 2])
    there[..., 0] += root[..., 0]
    there[..., 2] += root[..., 1]
    return there
