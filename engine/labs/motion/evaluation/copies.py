"""The memorisation meter: how far a motion is from the nearest clip of the training.

Training shows clips in a mirror and cut out of longer ones as well. So a motion is compared with
every clip as a whole, at any speed, and with every stretch of it that is as long as the motion, at
every start, both as they are and in a mirror.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.labs.motion.data.augment import mirror_rows
from engine.labs.motion.features import LOCAL
from engine.labs.motion.skeleton import COUNT

MOMENTS = 16
# What a few moments lie apart is a lower bound of what all do: most stretches end there.
FIRST = (0, 5, 10, 15)
AT_ONCE = 256
SLACK = 1e-3  # square metres, more than single precision loses in a bound


def signature(rows: np.ndarray) -> np.ndarray:
    """Poses at 16 moments of rows (rows, 137), as seen from the body, (16 * 63,) in metres.

    A clip that is faster or slower has the same signature; where it goes is not part of it.
    """
    low, high, share = _moments(len(rows))
    poses = rows[:, LOCAL].astype(np.float64)
    return ((1 - share[:, None]) * poses[low] + share[:, None] * poses[high]).ravel()


@dataclass(frozen=True, eq=False)
class Neighbours:
    """``distances`` (n,) in metres to the nearest training clip, and its ``places`` (n,).

    ``mirrored`` (n,) is whether it is the clip's mirror image; ``starts`` (n,) is the row at which
    the stretch begins, -1 for the whole clip.
    """

    distances: np.ndarray
    places: np.ndarray
    mirrored: np.ndarray
    starts: np.ndarray


@dataclass(frozen=True)
class _Found:
    """The least sum of squares so far, and what it is of."""

    square: float = np.inf
    place: int = 0
    mirrored: bool = False
    start: int = -1


class Training:
    """The clips of a training set, to be searched.

    ``moved`` is whether they were also shown in a mirror and cut; without it each is compared as
    it is.
    """

    def __init__(self, clips: Sequence[np.ndarray], *, moved: bool = True):
        self.moved = moved
        self.signatures = np.stack([signature(rows) for rows in clips])
        self._squares = (self.signatures**2).sum(1)
        if moved:
            lengths = [len(rows) for rows in clips]
            self._poses = np.concatenate([rows[:, LOCAL] for rows in clips]).astype(np.float32)
            self._clip = np.repeat(np.arange(len(clips)), lengths)
            self._begin = np.cumsum([0, *lengths[:-1]])
            # Rows from each one to the end of its clip.
            self._left = np.concatenate([np.arange(length, 0, -1) for length in lengths])
            self._square = (self._poses**2).sum(1)
            self._step = np.append((self._poses[:-1] * self._poses[1:]).sum(1), 0)

    def nearest(self, clips: Sequence[np.ndarray]) -> Neighbours:
        """Root mean square over moments of the distance of a joint, to the nearest clip."""
        found = [self._nearest(rows) for rows in clips]
        return Neighbours(
            np.sqrt([one.square / (MOMENTS * (COUNT - 1)) for one in found]),
            np.array([one.place for one in found]),
            np.array([one.mirrored for one in found]),
            np.array([one.start for one in found]),
        )

    def _nearest(self, rows: np.ndarray) -> _Found:
        # The mirror image of a motion is as far from a clip as the motion from the clip's.
        ways = [signature(rows), signature(mirror_rows(rows))] if self.moved else [signature(rows)]
        best = _Found()
        for mirrored, wanted in enumerate(ways):
            squares = self._squares - 2 * self.signatures @ wanted + (wanted**2).sum()
            place = int(squares.argmin())
            square = max(float(squares[place]), 0.0)
            if square < best.square:
                best = _Found(square, place, bool(mirrored))
        for mirrored, wanted in enumerate(ways if self.moved else ()):
            best = self._stretches(wanted.reshape(MOMENTS, -1), len(rows), bool(mirrored), best)
        return best

    def _stretches(self, wanted: np.ndarray, length: int, mirrored: bool, best: _Found) -> _Found:
        """The best of ``best`` and of all stretches of ``length`` rows; ``wanted`` (16, 63)."""
        starts = np.flatnonzero(self._left >= length)
        bound = self._bounds(wanted, length, starts)
        near = np.flatnonzero(bound < best.square + SLACK)
        order = near[bound[near].argsort()]
        low, high, share = _moments(length)
        for part in range(0, len(order), AT_ONCE):
            some = order[part : part + AT_ONCE]
            if bound[some[0]] >= best.square + SLACK:
                break
            at = starts[some, None]
            poses = (1 - share[:, None]) * self._poses[at + low] + share[:, None] * self._poses[
                at + high
            ]
            squares = ((poses - wanted) ** 2).sum((1, 2))
            least = int(squares.argmin())
            if squares[least] < best.square:
                row = int(starts[some[least]])
                place = int(self._clip[row])
                best = _Found(float(squares[least]), place, mirrored, row - int(self._begin[place]))
        return best

    def _bounds(self, wanted: np.ndarray, length: int, starts: np.ndarray) -> np.ndarray:
        """What the first moments lie apart (starts,), as sums of squares."""
        low, high, share = _moments(length)
        first = wanted[list(FIRST)].astype(np.float32)
        total = np.full(len(starts), (first**2).sum(), dtype=np.float32)
        for moment, along in zip(FIRST, first @ self._poses.T, strict=True):
            at, after, by = starts + low[moment], starts + high[moment], float(share[moment])
            size = (1 - by) ** 2 * self._square[at] + by**2 * self._square[after]
            if by:
                size += 2 * by * (1 - by) * self._step[at]
            total += size - 2 * ((1 - by) * along[at] + by * along[after])
        return total


def _moments(length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows before and after each moment, and how far it is from the first to the other."""
    at = np.linspace(0, length - 1, MOMENTS)
    low = np.floor(at).astype(int)
    return low, np.minimum(low + 1, length - 1), at - low
