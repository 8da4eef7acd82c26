"""The two joints that SMPL has beyond 22: hands, which programs that expect 24 joints ask for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.labs.motion.rig import REST, Rig
from engine.labs.motion.skeleton import COUNT, INDEX

HANDS = ("left_hand", "right_hand")
WITH_HANDS = COUNT + len(HANDS)
# Assumed, about that of SMPL's mean body: no recording of 22 joints tells where a hand points, so
# that it goes on from the forearm.
SHARE = 0.33
_ARMS = tuple((INDEX[f"{side}_elbow"], INDEX[f"{side}_wrist"]) for side in ("left", "right"))


def with_hands(positions: np.ndarray) -> np.ndarray:
    """Positions (frames, 24, 3) of (frames, 22, 3): each hand a third of the forearm further on."""
    hands = [positions[:, w] + SHARE * (positions[:, w] - positions[:, e]) for e, w in _ARMS]
    return np.concatenate([positions, np.stack(hands, axis=1)], axis=1)


def rig_with_hands(rig: Rig) -> Rig:
    """The rig with a node for each hand below its wrist, without rotation of its own."""
    wrists = [rig.joints.index(wrist) for _, wrist in _ARMS]
    lengths = [SHARE * float(np.linalg.norm(rig.offsets[node])) for node in wrists]
    places = [REST[w] * length for (_, w), length in zip(_ARMS, lengths, strict=True)]
    still = np.broadcast_to(np.eye(3), (len(rig.root), len(HANDS), 3, 3))
    return replace(
        rig,
        names=(*rig.names, *HANDS),
        parents=(*rig.parents, *wrists),
        offsets=np.concatenate([rig.offsets, places]),
        rotations=np.concatenate([rig.rotations, still], axis=1),
        joints=(*rig.joints, *range(COUNT, WITH_HANDS)),
        # A hand stretches with its forearm, which its length is a share of.
        stretch=np.concatenate([rig.stretch, rig.stretch[:, wrists]], axis=1),
    )
