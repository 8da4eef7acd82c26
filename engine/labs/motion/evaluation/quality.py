"""Smoothness and feet: jerk, its peak and its area, skating, floating, bones that stretch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.labs.motion.skeleton import FEET, PARENTS

LOW, SLIDES = 0.05, 0.025  # metres: a foot this low that moves this far in a frame skates
BELOW = 0.01  # metres
WINDOW = 30  # frames


def jerk(positions: np.ndarray) -> np.ndarray:
    """Third differences (frames - 3,) in metres per frame cubed: L1 over xyz, the worst joint.

    As in FlowMDM's evaluation, which does not divide by the frame time.
    """
    return np.abs(np.diff(positions, 3, axis=0)).sum(-1).max(-1)


def mean_jerk(motions: Sequence[np.ndarray]) -> float:
    """The mean over all frames of all motions that have four frames or more."""
    return float(np.concatenate([jerk(one) for one in motions]).mean())


def peak_and_area(
    motions: Sequence[np.ndarray], level: float, centres: Sequence[int] | None = None
) -> tuple[float, float] | None:
    """Peak jerk and area under the jerk of FlowMDM, over windows of 30 frames.

    The curves of all motions are averaged by frame; the peak is that of the mean curve, the area
    is the sum of its distances to ``level``, the real clips' mean jerk. Windows lie around
    ``centres`` (a frame each), else in the middle. None where no motion is long enough.
    """
    curves = []
    for at, positions in enumerate(motions):
        curve = jerk(positions)
        middle = len(curve) // 2 if centres is None else centres[at]
        start = min(max(0, middle - WINDOW // 2), len(curve) - WINDOW)
        if start >= 0:
            curves.append(curve[start : start + WINDOW])
    if not curves:
        return None
    mean = np.mean(curves, axis=0)
    return float(mean.max()), float(np.abs(mean - level).sum())


def skate(positions: np.ndarray) -> float:
    """Share of frames in which a foot lower than 5 cm moves more than 2.5 cm along the floor."""
    return float(skates(positions).any(-1).mean())


def skates(positions: np.ndarray) -> np.ndarray:
    """Which of left ankle, left foot, right ankle, right foot skate to the next frame.

    (frames - 1, 4); the rule of ``skate``.
    """
    feet = positions[:, FEET]
    moved = np.linalg.norm(np.diff(feet[..., [0, 2]], axis=0), axis=-1)
    low = np.maximum(feet[:-1, :, 1], feet[1:, :, 1]) < LOW
    return low & (moved > SLIDES)


def penetration(positions: np.ndarray) -> tuple[float, float]:
    """Share of frames with a foot more than 1 cm below the floor, and the deepest, in metres."""
    lowest = positions[:, FEET, 1].min(-1)
    return float((lowest < -BELOW).mean()), float(max(0.0, -lowest.min()))


def floating(positions: np.ndarray) -> float:
    """Mean height of the lowest point of the feet over the floor, in metres; below it negative."""
    return float(positions[:, FEET, 1].min(-1).mean())


def stretch(positions: np.ndarray) -> float:
    """The mean over bones of how their length varies, as a share of its mean."""
    ends = np.arange(1, len(PARENTS))
    lengths = np.linalg.norm(positions[:, ends] - positions[:, list(PARENTS[1:])], axis=-1)
    mean = lengths.mean(0)
    # A file may put a joint on top of its parent: a bone without length has no share to vary by.
    return float((lengths.std(0)[mean > 0] / mean[mean > 0]).mean())
