"""Clips of the lab's body on a stage."""

from __future__ import annotations

from collections.abc import Sequence

from engine.figures.skeletons import Lane, Stage, Strip
from engine.labs.motion.skeleton import FEET, FPS, JOINTS, PARENTS

SIDES = tuple(
    -1 if name.startswith("left") else 1 if name.startswith("right") else 0 for name in JOINTS
)


def body_stage(
    lanes: Sequence[Lane], title: str, alt: str, *, strips: Sequence[Strip] = ()
) -> Stage:
    """Lanes of 22 joints that are played in step at 20 frames a second."""
    return Stage(lanes, PARENTS, SIDES, title, alt, FPS, strips, FEET)
