"""One clip frame by frame and in figures: what stands below a lane and beside its name."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import numpy as np

from engine.labs.motion.evaluation import quality
from engine.labs.motion.evaluation.checks import Measured, measure
from engine.labs.motion.features import contacts
from engine.labs.motion.skeleton import FEET, FPS

QUALITIES = ("jerk", "pj", "auj", "skate", "floating", "stretch")
DONE = tuple(one.name for one in fields(Measured))
MEASURES = (*QUALITIES, *DONE)
LEAST_FRAMES = 4


@dataclass(frozen=True, eq=False)
class Looks:
    """``jerk`` (frames,) in m/frame³ is that of frames t - 2 to t + 1 and NaN at the ends.

    ``foot_speed`` (frames,) is how fast the lowest of ankles and feet moves along the floor, in
    m/s; ``contacts`` (frames, 4) as in the features. ``figures`` has a number for each of
    ``MEASURES``, NaN for what a short clip does not tell.
    """

    jerk: np.ndarray
    foot_speed: np.ndarray
    contacts: np.ndarray
    figures: dict[str, float]


def look(positions: np.ndarray, level: float) -> Looks:
    """The looks of positions (frames, 22, 3), four frames or more, 20 a second.

    ``level`` is the real clips' mean jerk, from which the area is measured.
    """
    calm = positions.astype(np.float64)
    curve = np.full(len(calm), np.nan)
    curve[2:-1] = quality.jerk(calm)
    peak, area = quality.peak_and_area([calm], level) or (np.nan, np.nan)
    figures = {
        "jerk": float(np.nanmean(curve)),
        "pj": peak,
        "auj": area,
        "skate": quality.skate(calm),
        "floating": quality.floating(calm),
        "stretch": quality.stretch(calm),
        **asdict(measure(calm)),
    }
    touching = contacts(calm).astype(bool)
    return Looks(curve, foot_speed(calm), np.concatenate([touching, touching[-1:]]), figures)


def foot_speed(positions: np.ndarray) -> np.ndarray:
    """Speed along the floor of the lowest foot point (frames,) in m/s: 0 while it stands.

    The last frame repeats the one before it.
    """
    feet = positions[:, FEET]
    moved = np.linalg.norm(np.diff(feet[..., [0, 2]], axis=0), axis=-1) * FPS
    lowest = feet[:-1, :, 1].argmin(-1)
    speed = moved[np.arange(len(lowest)), lowest]
    return np.concatenate([speed, speed[-1:]])
