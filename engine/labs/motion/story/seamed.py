"""The told parts as one motion, with each way to treat its seams measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.core.errors import BadInput
from engine.labs.motion.story.seams import inertialise, positions_of, seam_jerk
from engine.labs.motion.story.tell import Told

if TYPE_CHECKING:
    from engine.labs.motion.models.stored import Model

METHODS = ("cut", "inertial", "progressive")


@dataclass(frozen=True, eq=False)
class Seamed:
    """``positions`` (rows + 1, 22, 3) and ``rows`` (rows, 137) by the method that was asked for.

    ``jerk`` has for each method that is possible here the greatest jerk (seams,) at each seam.
    """

    positions: np.ndarray
    rows: np.ndarray
    jerk: Mapping[str, np.ndarray]


def treat_seams(told: Told, method: str, kmm: Model | None) -> Seamed:
    """Treat every seam by ``method``, and measure the others beside it.

    "cut" does nothing, "inertial" lets the difference decay, "progressive" has KMM restore the
    frames around the seam after that. Raises BadInput where KMM is wanted and not there, and for a
    story that has no frames.
    """
    if not told.parts:
        raise BadInput("story", "nothing could be told of it")
    if method not in METHODS:
        raise BadInput("blend", f"must be {', '.join(METHODS)} (got {method[:40]!r})")
    smooth = inertialise(told.parts)
    ways = {"cut": list(told.parts), "inertial": smooth}
    if kmm is not None:
        from engine.labs.motion.story.progressive import restore_seams

        ways["progressive"] = restore_seams(kmm, smooth)
    if method not in ways:
        raise BadInput("blend", "progressive needs KMM's codes, and KMM is not in this checkout")
    placed = {name: positions_of(parts, told.stand) for name, parts in ways.items()}
    return Seamed(
        placed[method],
        np.concatenate(ways[method]),
        {name: seam_jerk(positions, told.seams) for name, positions in placed.items()},
    )
