"""Bones and rotations for positions: what BVH and glTF store instead of points.

A joint that several bones leave can turn them only together, but the hips and the spine of a
recorded body move on their own. So each bone that leaves a branching joint hangs on a node of its
own there, without length, as in CMU's skeletons. Then every direction is met exactly, and what is
lost is the stretching of bones: each keeps its mean length.

A bone's twist about itself cannot be seen in positions; it is that of the bone before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.labs.motion.rotations import best_fit, between
from engine.labs.motion.skeleton import COUNT, INDEX, JOINTS, PARENTS

# Directions of the bones in a T-pose, facing +z; left is +x.
_RIGHT_REST = {
    "hip": (-0.55, -0.84, 0.0),
    "knee": (0.0, -1.0, 0.0),
    "ankle": (0.0, -1.0, 0.0),
    "foot": (0.0, -0.4, 0.92),
    "collar": (-0.6, 0.8, 0.0),
    "shoulder": (-1.0, 0.0, 0.0),
    "elbow": (-1.0, 0.0, 0.0),
    "wrist": (-1.0, 0.0, 0.0),
}
CHILDREN = tuple(tuple(c for c in range(COUNT) if PARENTS[c] == p) for p in range(COUNT))


def _rest() -> np.ndarray:
    made = np.tile([0.0, 1.0, 0.0], (COUNT, 1))
    for name, (x, y, z) in _RIGHT_REST.items():
        made[INDEX[f"right_{name}"]] = x, y, z
        made[INDEX[f"left_{name}"]] = -x, y, z
    return made / np.linalg.norm(made, axis=-1, keepdims=True)


REST = _rest()


@dataclass(frozen=True, eq=False)
class Rig:
    """Nodes, parents first, the pelvis first of all.

    ``offsets`` (nodes, 3) from the parent in metres at rest; ``rotations`` (frames, nodes, 3, 3)
    against the parent; ``root`` (frames, 3) is the pelvis. ``joints`` (nodes,) is the joint of the
    lab at each node, -1 for a node that only turns one bone of a branching joint. ``stretch``
    (frames, nodes) is the length of the bone that ends in a node over its mean.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    rotations: np.ndarray
    root: np.ndarray
    joints: tuple[int, ...]
    stretch: np.ndarray

    def positions(self) -> np.ndarray:
        """The joints (frames, 22, 3) as whoever reads the file will place them."""
        frames = len(self.root)
        place = np.empty((frames, len(self.names), 3))
        turned = np.empty((frames, len(self.names), 3, 3))
        for node, parent in enumerate(self.parents):
            if parent < 0:
                place[:, node], turned[:, node] = self.root, self.rotations[:, node]
                continue
            place[:, node] = place[:, parent] + turned[:, parent] @ self.offsets[node]
            turned[:, node] = turned[:, parent] @ self.rotations[:, node]
        order = [self.joints.index(joint) for joint in range(COUNT)]
        return place[:, order]


def build_rig(positions: np.ndarray) -> Rig:
    """The rig that plays ``positions`` (frames, 22, 3)."""
    positions = positions.astype(np.float64)
    bones = positions[:, 1:] - positions[:, PARENTS[1:]]
    every = np.linalg.norm(bones, axis=-1)
    lengths = every.mean(0)
    offsets = np.concatenate([np.zeros((1, 3)), REST[1:] * lengths[:, None]])
    names, parents, places, turns, joints = ["pelvis"], [-1], [np.zeros(3)], [], [0]
    node_of: dict[int, int] = {0: 0}
    world_of: dict[int, np.ndarray] = {}
    for joint in range(COUNT):
        # The joints come parents first, so that the node of this one is there.
        node, children = node_of[joint], CHILDREN[joint]
        before = world_of[parents[node]] if parents[node] >= 0 else np.eye(3)
        directions = {child: positions[:, child] - positions[:, joint] for child in children}
        if len(children) > 1:
            fit = np.stack([directions[child] for child in children], axis=1)
            world = best_fit(offsets[list(children)], fit)
        elif children:
            world = _swing(before, offsets[children[0]], directions[children[0]])
        else:
            world = np.broadcast_to(before, (len(positions), 3, 3))
        turns.append((node, np.swapaxes(before, -1, -2) @ world))
        world_of[node] = world
        for child in children:
            hangs_on = node
            if len(children) > 1:
                hangs_on = len(names)
                names.append(f"{JOINTS[joint]}_to_{JOINTS[child]}")
                parents.append(node)
                places.append(np.zeros(3))
                joints.append(-1)
                world_of[hangs_on] = _swing(world, offsets[child], directions[child])
                turns.append((hangs_on, np.swapaxes(world, -1, -2) @ world_of[hangs_on]))
            node_of[child] = len(names)
            names.append(JOINTS[child])
            parents.append(hangs_on)
            places.append(offsets[child])
            joints.append(child)
    rotations = np.empty((len(positions), len(names), 3, 3))
    for node, turn in turns:
        rotations[:, node] = turn
    stretch = np.ones((len(positions), len(names)))
    for joint in range(1, COUNT):
        if lengths[joint - 1] > 0:
            stretch[:, node_of[joint]] = every[:, joint - 1] / lengths[joint - 1]
    return Rig(
        tuple(names),
        tuple(parents),
        np.array(places),
        rotations,
        positions[:, 0],
        tuple(joints),
        stretch,
    )


def _swing(before: np.ndarray, rest: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The orientation that brings ``rest`` onto ``direction`` by the shortest way from before."""
    seen = (np.swapaxes(before, -1, -2) @ direction[..., None])[..., 0]
    return before @ between(rest, seen)
