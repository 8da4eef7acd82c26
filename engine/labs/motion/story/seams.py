"""Seams between clips: the difference in pose decays, the way that was walked stays as it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.labs.motion.evaluation.quality import jerk
from engine.labs.motion.features import HEIGHT, LOCAL, ROOT, decode
from engine.labs.motion.story.follow import Stand

BLEND = 12  # frames over which a difference decays
POSE = slice(HEIGHT.start, LOCAL.stop)  # height and joints
REACH = 10  # frames on each side of a seam that its jerk is measured over


def decay(frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares (frames,) of an offset, and of its speed a frame, that are left at each frame.

    The quintic that starts with the offset and its speed, without acceleration, and ends with
    nothing of the three after ``frames`` frames.
    """
    s = np.arange(frames) / frames
    place = 1 - 10 * s**3 + 15 * s**4 - 6 * s**5
    speed = frames * (s - 6 * s**3 + 8 * s**4 - 3 * s**5)
    return place, speed


def inertialise(parts: Sequence[np.ndarray], blend: int = BLEND) -> list[np.ndarray]:
    """Parts (rows, 137) that go on from each other in pose and in its speed.

    At a seam the later part's height and joints get what they would have been, had the earlier
    part gone on, less what they are; that difference and its speed decay over ``blend`` frames.
    Turns and steps of the pelvis stay.
    """
    made = [parts[0].copy()]
    for part in parts[1:]:
        moved, before = part.copy(), made[-1]
        reach = min(blend, len(part))
        speed = before[-1, POSE] - before[-2, POSE] if len(before) > 1 else 0.0
        offset = before[-1, POSE] + speed - part[0, POSE]
        own = part[1, POSE] - part[0, POSE] if len(part) > 1 else 0.0
        place, fast = decay(blend)
        moved[:reach, POSE] += place[:reach, None] * offset
        moved[:reach, POSE] += fast[:reach, None] * (speed - own)
        made.append(moved)
    return made


def smooth_steps(before: np.ndarray | None, part: np.ndarray, blend: int = BLEND) -> np.ndarray:
    """A part (rows, 137) whose turns and steps fade in from those of the row before, (137,)."""
    if before is None:
        return part
    moved = part.copy()
    reach = min(blend, len(part))
    share = (np.arange(reach) + 1) / (blend + 1)
    fade = (1 - share**2 * (3 - 2 * share))[:, None]
    moved[:reach, : ROOT.stop] += fade * (before[: ROOT.stop] - part[0, : ROOT.stop])
    return moved


def positions_of(parts: Sequence[np.ndarray], stand: Stand | None = None) -> np.ndarray:
    """Positions (rows + 1, 22, 3) in metres of parts (rows, 137) one after the other."""
    at = stand or Stand()
    rows = np.concatenate(parts).astype(np.float64)
    return decode(rows, start=(at.x, at.z, at.heading))


def seam_jerk(positions: np.ndarray, seams: Sequence[int]) -> np.ndarray:
    """The greatest jerk (seams,) within 10 frames of each seam, metres per frame cubed.

    ``seams`` are the first frames of the parts behind them.
    """
    curve = jerk(positions)
    found = []
    for seam in seams:
        # Third differences at i are of frames i to i + 3.
        low, high = max(0, seam - REACH), min(len(curve), seam + REACH - 2)
        found.append(float(curve[low:high].max()) if high > low else 0.0)
    return np.array(found)
