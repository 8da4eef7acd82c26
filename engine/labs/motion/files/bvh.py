"""BVH files: the hierarchy with its channels, read line by line, and where the joints are.

Biovision's text format has no standard; this follows what files do. A joint's position channels
take the place of its offset (adding the two doubles the bodies of files that have position
channels on every joint). Rotations are applied in the order in which the channels are listed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.labs.motion.rotations import about

POSITIONS = ("Xposition", "Yposition", "Zposition")
ROTATIONS = ("Xrotation", "Yrotation", "Zrotation")


@dataclass(frozen=True, eq=False)
class Bvh:
    """A hierarchy of joints in file order, parents first, and its motion.

    ``offsets`` (joints, 3) in the file's unit; ``channels`` of each joint in file order; ``ends``
    (joint, offset) of each end site; ``values`` (frames, channels of all joints), degrees for
    rotations; ``frame_time`` in seconds. ``notices`` are sentences about what was read leniently.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    channels: tuple[tuple[str, ...], ...]
    ends: tuple[tuple[int, tuple[float, float, float]], ...]
    values: np.ndarray
    frame_time: float
    notices: tuple[str, ...] = field(default=())

    def column(self, joint: int) -> int:
        """The first column of ``values`` that belongs to ``joint``."""
        return sum(len(names) for names in self.channels[:joint])


def world(bvh: Bvh) -> tuple[np.ndarray, np.ndarray]:
    """Positions (frames, joints, 3) in the file's unit and orientations (frames, joints, 3, 3)."""
    frames, joints = len(bvh.values), len(bvh.names)
    positions = np.empty((frames, joints, 3))
    turned = np.empty((frames, joints, 3, 3))
    column = 0
    for joint, (parent, names) in enumerate(zip(bvh.parents, bvh.channels, strict=True)):
        place = np.tile(bvh.offsets[joint], (frames, 1))
        rotation = np.broadcast_to(np.eye(3), (frames, 3, 3))
        for name in names:
            value = bvh.values[:, column]
            column += 1
            if name in POSITIONS:
                place[:, POSITIONS.index(name)] = value
            else:
                rotation = rotation @ about(name[0], value)
        if parent < 0:
            positions[:, joint], turned[:, joint] = place, rotation
        else:
            positions[:, joint] = positions[:, parent] + _apply(turned[:, parent], place)
            turned[:, joint] = turned[:, parent] @ rotation
    return positions, turned


def end_positions(bvh: Bvh, positions: np.ndarray, turned: np.ndarray) -> dict[int, np.ndarray]:
    """Where the first end site of each joint that has one is (frames, 3), by joint."""
    found: dict[int, np.ndarray] = {}
    for joint, offset in bvh.ends:
        if joint not in found:
            found[joint] = positions[:, joint] + _apply(turned[:, joint], np.array(offset))
    return found


def _apply(rotation: np.ndarray, vector: np.ndarray) -> np.ndarray:
    return (rotation @ np.broadcast_to(vector, (len(rotation), 3))[..., None])[..., 0]
