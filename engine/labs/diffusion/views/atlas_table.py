"""Scores, masks and their concentration, from the weights and norms that an atlas holds.

The same selection as ``locate.masks.select`` at one step, in numpy: a page needs no torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import Result
from engine.core.seeds import rng
from engine.labs.diffusion.layer_names import layer_label

SIDES = {"null": "the empty prompt", "others": "ordinary prompts"}
TENTH = 0.1
DRAWS = 40
"""Random masks beside a located one."""


@dataclass(frozen=True)
class Spot:
    """Positions in an atlas: a layer and a step, the side compared with, and the sparsity."""

    layer: int = 0
    step: int = 0
    side: str = "null"
    sparsity: float = 0.2


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of a layer's weights for the prompts and for the reference, and the mask of both.

    ``mine``, ``theirs`` and ``mask`` are (rows, columns). ``channels`` (columns,) names the input
    channel of each column, ``more`` (columns,) is where the prompts excite it more.
    """

    mine: np.ndarray
    theirs: np.ndarray
    mask: np.ndarray
    channels: np.ndarray
    more: np.ndarray

    @property
    def cuts(self) -> np.ndarray:
        """Weights of each input channel in the mask (channels,)."""
        return per_channel(self.mask, self.channels)


def score(result: Result, spot: Spot) -> Scored:
    """The layer of a spot; a weight's score is its size times the norm of its column."""
    rows, columns, channels = result.notes["shapes"][spot.layer]
    size = np.abs(result.array("weights")[spot.layer, :rows, :columns].astype(np.float32))
    norms = result.array("norms")[:, spot.step, spot.layer, :channels]
    named = np.repeat(np.arange(channels), columns // channels)
    sides = result.notes["sides"]
    mine, theirs = size * norms[0, named], size * norms[sides.index(spot.side), named]
    kept = int(spot.sparsity * columns + 1e-9)
    top = np.zeros(size.shape, bool)
    best = np.argsort(-mine, axis=1, kind="stable")[:, :kept]
    np.put_along_axis(top, best, True, axis=1)
    more = norms[0, named] > norms[sides.index(spot.side), named]
    return Scored(mine, theirs, top & (mine > theirs), named, more)


def per_channel(mask: np.ndarray, channels: np.ndarray) -> np.ndarray:
    """Weights of each input channel in a mask (channels,)."""
    return np.bincount(channels, weights=mask.sum(0), minlength=channels.max() + 1).astype(int)


def top_share(cuts: np.ndarray) -> float:
    """The share of all cuts that the tenth of the columns with the most cuts holds."""
    count = max(1, int(TENTH * len(cuts)))
    total = cuts.sum()
    return float(np.sort(cuts)[::-1][:count].sum() / total) if total else float("nan")


@dataclass(frozen=True, eq=False)
class Control:
    """Random masks with as many cuts in every row: cuts by rank (draws, channels) and shares."""

    sorted_cuts: np.ndarray
    shares: np.ndarray

    @property
    def band(self) -> tuple[float, float]:
        """The smallest and the largest share of the top tenth."""
        return float(self.shares.min()), float(self.shares.max())


def control(scored: Scored, allowed: np.ndarray | None = None, *, seed: int = 0) -> Control:
    """Random masks with a located one's cuts in every row, in the ``allowed`` columns or in all."""
    allowed = np.ones(len(scored.channels), bool) if allowed is None else allowed
    wanted = scored.mask.sum(1, keepdims=True)
    last = np.maximum(wanted - 1, 0)
    drawn = []
    for at in range(DRAWS):
        order = rng(seed, "random mask", at).random(scored.mask.shape, dtype=np.float32)
        order[:, ~allowed] = 2.0
        # As many smallest numbers of a row as it has cuts.
        most = np.take_along_axis(np.sort(order, axis=1), last, axis=1)
        drawn.append(per_channel((order <= most) & (wanted > 0), scored.channels))
    cuts = np.stack(drawn)
    return Control(np.sort(cuts, axis=1)[:, ::-1], np.array([top_share(each) for each in cuts]))


def layer_at(result: Result, layer: int) -> str:
    """The layer at a position of the result, in words."""
    return layer_label(result.notes["layer_names"][layer])
