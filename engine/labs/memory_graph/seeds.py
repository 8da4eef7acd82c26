"""Where a walk starts: shares of the reset distribution, and what put each there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from engine.core.errors import BadInput

SeedKind = Literal["entity", "fact", "passage", "neighbour"]
KINDS: tuple[SeedKind, ...] = get_args(SeedKind)


class Seed(NamedTuple):
    """One share of the reset at ``node``.

    ``origin`` counts the trace's links for an entity, the graph's facts for a fact, passages for a
    passage, nodes for a neighbour.
    """

    kind: SeedKind
    origin: int
    node: int
    share: float


@dataclass(frozen=True, eq=False)
class Seeds:
    """Many seeds as columns (seeds,); ``kinds`` are positions in ``KINDS``.

    Several seeds may lie on one node: two facts, or a fact and a name, seed the same phrase.
    """

    kinds: np.ndarray
    origins: np.ndarray
    nodes: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, seeds: Collection[Seed]) -> Seeds:
        """Columns of single seeds, their shares as they are."""
        return cls(
            np.array([KINDS.index(seed.kind) for seed in seeds], np.int8),
            np.array([seed.origin for seed in seeds], np.int64),
            np.array([seed.node for seed in seeds], np.int64),
            np.array([seed.share for seed in seeds], np.float64),
        )

    @classmethod
    def passages(cls, first: int, weights: np.ndarray) -> Seeds:
        """A seed on every passage node; these begin at node ``first``."""
        origins = np.arange(len(weights))
        kinds = np.full(len(weights), KINDS.index("passage"), np.int8)
        return cls(kinds, origins, first + origins, weights)

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, i: int) -> Seed:
        kind = KINDS[self.kinds[i]]
        return Seed(kind, int(self.origins[i]), int(self.nodes[i]), float(self.shares[i]))

    def __iter__(self) -> Iterator[Seed]:
        return (self[i] for i in range(len(self)))

    def __add__(self, other: Seeds) -> Seeds:
        pairs = zip(self._columns(), other._columns(), strict=True)
        return Seeds(*(np.concatenate(pair) for pair in pairs))

    def normalised(self) -> Seeds:
        """Those of positive weight, their shares adding up to 1."""
        kept = self._only(self.shares > 0)
        total = kept.shares.sum()
        return Seeds(kept.kinds, kept.origins, kept.nodes, kept.shares / (total or 1.0))

    def without(self, positions: Collection[int]) -> Seeds:
        """All but those at ``positions``; raises BadInput("seeds") where there is none."""
        for position in positions:
            if not 0 <= position < len(self):
                raise BadInput("seeds", f"there is no seed {position}; there are {len(self)}")
        kept = np.ones(len(self), bool)
        kept[list(positions)] = False
        return self._only(kept).normalised()

    def reset(self, size: int) -> np.ndarray:
        """The shares by node (size,)."""
        return np.bincount(self.nodes, weights=self.shares, minlength=size)

    def _only(self, kept: np.ndarray) -> Seeds:
        return Seeds(*(column[kept] for column in self._columns()))

    def _columns(self) -> tuple[np.ndarray, ...]:
        return self.kinds, self.origins, self.nodes, self.shares
