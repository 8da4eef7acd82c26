"""Is a clip a copy? Its nearest training clip, where the recordings are at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.labs.motion.data.corpus import LEAST_ROWS, LEG_LENGTH, load_examples
from engine.labs.motion.evaluation.copies import Training
from engine.labs.motion.features import encode
from engine.labs.motion.skeleton import leg_length


@dataclass(frozen=True, eq=False)
class Shelf:
    """Training clips to be searched, and how near real validation clips lie to them in metres."""

    training: Training
    names: tuple[str, ...]
    captions: tuple[str, ...]
    usual: np.ndarray


@dataclass(frozen=True)
class Nearest:
    """The nearest training clip: metres a joint, and the share of real clips that lie nearer.

    ``mirrored`` and ``start`` as in ``Neighbours``.
    """

    distance: float
    name: str
    caption: str
    nearer: float
    mirrored: bool
    start: int


def read_shelf(folder: Path | str) -> Shelf:
    """The training clips of a folder of recordings; raises BadInput, see ``load_examples``."""
    clips = load_examples(folder, "train")
    training = Training([clip.rows for clip in clips])
    real = training.nearest([clip.rows for clip in load_examples(folder, "val")])
    return Shelf(
        training,
        tuple(clip.name for clip in clips),
        tuple(clip.captions[0] for clip in clips),
        np.sort(real.distances),
    )


def find_nearest(shelf: Shelf, positions: np.ndarray) -> Nearest | None:
    """The nearest training clip to positions (frames, 22, 3), brought to the models' body.

    None for a clip shorter than those of the training.
    """
    legs = leg_length(positions)
    if len(positions) - 1 <= LEAST_ROWS or not legs > 0:
        return None
    rows = encode(positions * (LEG_LENGTH / legs))
    found = shelf.training.nearest([rows])
    distance, at = float(found.distances[0]), int(found.places[0])
    nearer = float(np.searchsorted(shelf.usual, distance) / len(shelf.usual))
    return Nearest(
        distance,
        shelf.names[at],
        shelf.captions[at],
        nearer,
        bool(found.mirrored[0]),
        int(found.starts[0]),
    )
