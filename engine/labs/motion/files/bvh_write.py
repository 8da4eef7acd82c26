"""Writing BVH: the hierarchy of a rig, Euler angles Z X Y in degrees, centimetres."""

from __future__ import annotations

import numpy as np

from engine.labs.motion.clip import Clip
from engine.labs.motion.files.bvh import POSITIONS, ROTATIONS
from engine.labs.motion.files.hands import rig_with_hands
from engine.labs.motion.rig import Rig, build_rig
from engine.labs.motion.rotations import zxy_degrees

PER_METRE = 100.0
# What a viewer draws beyond the last joint of a limb, in centimetres; no joint lies there.
TIP = 5.0
ORDER = (ROTATIONS[2], ROTATIONS[0], ROTATIONS[1])


def bvh_text(clip: Clip, *, stretch: bool = False, hands: bool = False) -> str:
    """The clip as BVH: six channels at the pelvis, three at each other node.

    Every bone keeps its mean length. With ``stretch`` the joints have position channels as well,
    which follow bones that change their length; not every program reads those. With ``hands``
    the skeleton has SMPL's 24 joints.
    """
    rig = build_rig(clip.positions)
    if hands:
        rig = rig_with_hands(rig)
    order = _order(rig)
    lines = ["HIERARCHY", *_hierarchy(rig, stretch), "MOTION"]
    lines += [f"Frames: {len(rig.root)}", f"Frame Time: {1 / clip.fps:.8g}"]
    angles = _smooth(zxy_degrees(rig.rotations))
    places = PER_METRE * rig.offsets * rig.stretch[..., None]
    places[:, 0] = PER_METRE * rig.root
    columns = [
        part[:, node]
        for node in order
        for part in ((places, angles) if _moves(node, stretch) else (angles,))
    ]
    rows = np.concatenate(columns, axis=1)
    lines += [" ".join(f"{value:.5f}" for value in row) for row in rows.tolist()]
    return "\n".join(lines) + "\n"


def _moves(node: int, stretch: bool) -> bool:
    return stretch or node == 0


def _children(rig: Rig, node: int) -> list[int]:
    return [child for child, parent in enumerate(rig.parents) if parent == node]


def _order(rig: Rig) -> list[int]:
    """Nodes as they stand in the file: each with all below it before its neighbour."""
    found, stack = [], [0]
    while stack:
        node = stack.pop()
        found.append(node)
        stack += reversed(_children(rig, node))
    return found


def _hierarchy(rig: Rig, stretch: bool, node: int = 0, depth: int = 0) -> list[str]:
    pad, inner = "  " * depth, "  " * (depth + 1)
    turns = " ".join(ORDER)
    channels = f"6 {' '.join(POSITIONS)} {turns}" if _moves(node, stretch) else f"3 {turns}"
    lines = [
        f"{pad}{'JOINT' if depth else 'ROOT'} {rig.names[node]}",
        f"{pad}{{",
        f"{inner}OFFSET {_three(PER_METRE * rig.offsets[node])}",
        f"{inner}CHANNELS {channels}",
    ]
    children = _children(rig, node)
    for child in children:
        lines += _hierarchy(rig, stretch, child, depth + 1)
    if not children:
        along = rig.offsets[node]
        tip = TIP * along / max(float(np.linalg.norm(along)), 1e-9)
        lines += [f"{inner}End Site", f"{inner}{{", f"{inner}  OFFSET {_three(tip)}", f"{inner}}}"]
    return [*lines, f"{pad}}}"]


def _three(values: np.ndarray) -> str:
    return " ".join(f"{value:.6f}" for value in values)


def _smooth(angles: np.ndarray) -> np.ndarray:
    """The same rotations (frames, nodes, 3) with the angles closest to those of the frame before.

    Z and Y may go on beyond a half turn, and (z + 180, 180 - x, y + 180) is the same rotation;
    without this a program that interpolates between frames would spin a bone around.
    """
    other = np.stack([angles[..., 0] + 180, 180 - angles[..., 1], angles[..., 2] + 180], axis=-1)
    made = np.empty_like(angles)
    made[0] = angles[0]
    for frame in range(1, len(angles)):
        near = [
            one + 360 * np.round((made[frame - 1] - one) / 360)
            for one in (angles[frame], other[frame])
        ]
        apart = [np.abs(one - made[frame - 1]).sum(-1, keepdims=True) for one in near]
        made[frame] = np.where(apart[0] <= apart[1], near[0], near[1])
    return made
