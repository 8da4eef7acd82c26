"""How well ways are followed: a wave, a circle and a square, walked from the same start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.seeds import rng
from engine.labs.motion.story.desk import WALK
from engine.labs.motion.story.follow import TURN, Aim, Followed, Stand, walk
from engine.labs.motion.story.places import SHAPES
from engine.labs.motion.story.seams import smooth_steps
from engine.labs.motion.story.sources import Source, Wanted
from engine.labs.motion.story.ways import shape


@dataclass(frozen=True, eq=False)
class Walked:
    """A shape's way (points, 2) and how it was followed."""

    name: str
    way: np.ndarray
    followed: Followed


def walk_shapes(source: Source, seed: int, turn: float = TURN) -> list[Walked]:
    """The shapes that a source's walk can be measured on; none where the source has no walk."""
    found = []
    for name in SHAPES:
        way = shape(name, np.zeros(2), 0.0)
        if source.piece(Wanted(WALK, seed, aim=Aim(way))) is None:
            return []
        last: np.ndarray | None = None

        def piece(number: int, stand: Stand, aim: Aim, name: str = name) -> np.ndarray:
            nonlocal last
            drawn = int(rng(seed, "shape", name, number).integers(2**31))
            asked = source.piece(Wanted(WALK, drawn, last=last, stand=stand, aim=aim))
            assert asked is not None
            rows = smooth_steps(last, asked.rows)
            last = rows[-1]
            return rows

        _, _, followed = walk(way, Stand(), piece, turn=turn, most=700)
        found.append(Walked(name, way, followed))
    return found
