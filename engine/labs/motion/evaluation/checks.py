"""Does the motion do what its words say? Exact checks, no learned judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from engine.labs.motion.features import wrap
from engine.labs.motion.skeleton import FEET, FPS, INDEX, heading, turn

TURNED = 20.0  # degrees
FEET_UP, PELVIS_UP = 0.08, 0.15  # metres
LEFT, RIGHT = INDEX["left_wrist"], INDEX["right_wrist"]


@dataclass(frozen=True)
class Measured:
    """What a motion does: metres, degrees, metres a second.

    ``turned`` is the change of heading, left positive; ``forward`` and ``sideways`` are mean
    speeds of the pelvis as the body sees them, left positive. ``travel`` is the way of a wrist
    as seen from the body, ``reach`` its greatest height above its shoulder. ``feet`` is the
    greatest height of the lower one of both sides over its lowest, ``rise`` the greatest height of
    the pelvis over its median.
    """

    turned: float
    forward: float
    sideways: float
    left_travel: float
    right_travel: float
    left_top: float
    right_top: float
    left_reach: float
    right_reach: float
    feet: float
    rise: float


def measure(positions: np.ndarray) -> Measured:
    """The measures of positions (frames, 22, 3) in metres at 20 frames a second."""
    facing = heading(positions)
    step = turn(np.diff(positions[:, 0], axis=0), -facing[:-1])
    body = turn(positions - positions[:, :1], -facing[:, None])
    travel = np.linalg.norm(np.diff(body[:, [LEFT, RIGHT]], axis=0), axis=-1).sum(0)
    heights = positions[..., 1]
    shoulders = heights[:, [INDEX["left_shoulder"], INDEX["right_shoulder"]]]
    reach = (heights[:, [LEFT, RIGHT]] - shoulders).max(0)
    top = heights[:, [LEFT, RIGHT]].max(0)
    sides = heights[:, FEET].reshape(-1, 2, 2).min(-1)
    return Measured(
        turned=float(np.rad2deg(wrap(np.diff(facing)).sum())),
        forward=float(step[:, 2].mean() * FPS),
        sideways=float(step[:, 0].mean() * FPS),
        left_travel=float(travel[0]),
        right_travel=float(travel[1]),
        left_top=float(top[0]),
        right_top=float(top[1]),
        left_reach=float(reach[0]),
        right_reach=float(reach[1]),
        feet=float(sides.min(1).max() - sides.min()),
        rise=float(heights[:, 0].max() - np.median(heights[:, 0])),
    )


Check = Callable[[Measured], bool]
CHECKS: Mapping[str, tuple[str, Check]] = {
    "walk-turn-left": ("turn_sign", lambda m: m.turned > TURNED),
    "walk-turn-right": ("turn_sign", lambda m: m.turned < -TURNED),
    "wave-left-hand": ("hand_side", lambda m: m.left_travel > m.right_travel),
    "wave-right-hand": ("hand_side", lambda m: m.right_travel > m.left_travel),
    "raise-up-left-hand": ("hand_side", lambda m: m.left_top > m.right_top),
    "raise-up-right-hand": ("hand_side", lambda m: m.right_top > m.left_top),
    "raise-up-both-hands": ("both_hands", lambda m: min(m.left_reach, m.right_reach) > 0),
    "jump": ("jump_height", lambda m: m.feet > FEET_UP or m.rise > PELVIS_UP),
    "walk-back": ("direction", lambda m: m.forward < 0),
    "walk-left": ("direction", lambda m: m.sideways > 0),
    "walk-right": ("direction", lambda m: m.sideways < 0),
    "walk": ("direction", lambda m: m.forward > abs(m.sideways)),
    "run": ("direction", lambda m: m.forward > abs(m.sideways)),
    "dash": ("direction", lambda m: m.forward > abs(m.sideways)),
}


def agreement(
    motions: Sequence[np.ndarray], actions: Sequence[str]
) -> dict[str, dict[str, float | int]]:
    """Share of motions that do what their action says, and their number, by the kind of check."""
    found: dict[str, list[bool]] = {}
    for positions, action in zip(motions, actions, strict=True):
        if action in CHECKS:
            name, check = CHECKS[action]
            found.setdefault(name, []).append(bool(check(measure(positions))))
    return {
        name: {"agree": float(np.mean(values)), "clips": len(values)}
        for name, values in sorted(found.items())
    }


def told(positions: np.ndarray) -> dict[str, float]:
    """The measures by name, for an answer in JSON."""
    return asdict(measure(positions))
