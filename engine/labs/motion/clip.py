"""A clip of motion, and the way into it: another frame rate, the floor, the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.errors import BadInput
from engine.labs.motion.skeleton import COUNT, FEET, FPS, heading, leg_length, turn

MOST_FRAMES = 100_000
# Beyond this no person and no hall reaches; it is where units were mistaken.
MOST_METRES = 10_000.0
FLOOR_QUANTILE = 0.01
LEAST_LEG = 1e-3  # metres, thigh and shin


@dataclass(frozen=True, eq=False)
class Clip:
    """``positions`` (frames, 22, 3) in metres, y up, ``fps`` frames a second.

    Raises BadInput for another shape, fewer than 2 or more than 100,000 frames, NaN or infinity,
    positions beyond 10 km, or a rate outside 1 to 1,000.
    """

    positions: np.ndarray
    fps: float = FPS

    def __post_init__(self) -> None:
        shape = self.positions.shape
        if len(shape) != 3 or shape[1:] != (COUNT, 3):
            raise BadInput("joints", f"must be (frames, {COUNT}, 3), not {shape}")
        if not 2 <= shape[0] <= MOST_FRAMES:
            raise BadInput("joints", f"must have 2 to {MOST_FRAMES:,} frames, not {shape[0]:,}")
        if not np.isfinite(self.positions).all():
            frame, joint, _ = np.argwhere(~np.isfinite(self.positions))[0]
            raise BadInput("joints", f"frame {frame}, joint {joint}: not a finite number")
        if np.abs(self.positions).max() > MOST_METRES:
            raise BadInput("joints", f"must be within {MOST_METRES:,.0f} m of the origin")
        if not 1 <= self.fps <= 1000:
            raise BadInput("fps", f"must be from 1 to 1,000 frames a second (got {self.fps:g})")

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return (len(self.positions) - 1) / self.fps


def check_body(clip: Clip) -> Clip:
    """The clip; raises BadInput where thighs and shins have no length, so that no bone turns."""
    if not leg_length(clip.positions) > LEAST_LEG:
        raise BadInput("joints", "must be those of a body: thighs and shins have no length")
    return clip


def resample(positions: np.ndarray, fps: float, wanted: float = FPS) -> np.ndarray:
    """Positions (frames, joints, 3) at ``wanted`` frames a second, from the first frame on.

    Straight lines between frames: at 120 to 20 every sixth frame, at 30 to 20 every third frame
    and the middle of the two between.
    """
    if fps == wanted:
        return positions
    last = len(positions) - 1
    # A little more than the last frame counts as the last one: rates are rounded in files.
    count = int(np.floor(last * wanted / fps + 1e-6)) + 1
    at = np.minimum(np.arange(count) * (fps / wanted), last)
    low = np.floor(at).astype(int)
    share = (at - low)[:, None, None]
    high = np.minimum(low + 1, last)
    return (1 - share) * positions[low] + share * positions[high]


def whole_rate(frame_time: float) -> float:
    """Frames a second of a file's frame time in seconds: .0083333 is meant to be 120."""
    fps = 1 / frame_time
    near = round(fps)
    return float(near) if near and abs(fps - near) < 5e-4 * fps else fps


def place(positions: np.ndarray) -> np.ndarray:
    """The motion on the floor, its pelvis starting above the origin, facing +z.

    The floor is the 1 % quantile over the frames of the lowest of ankles and feet.
    """
    low = np.quantile(positions[:, FEET, 1].min(axis=1), FLOOR_QUANTILE)
    start = np.array([positions[0, 0, 0], low, positions[0, 0, 2]])
    return turn(positions - start, -heading(positions[:1])[0])
