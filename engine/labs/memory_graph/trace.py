"""Everything a graph retriever did for one question, so that it can be shown and explained."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.link import Link
from engine.labs.memory_graph.pagerank import Walk, pagerank, states
from engine.labs.memory_graph.seeds import Seeds


@dataclass(frozen=True, eq=False)
class Trace:
    """A walk and what it starts from.

    ``seeds`` have shares that add up to 1; there are none where the question means nothing here.
    ``readout`` (passages x nodes) turns mass into scores: score = readout @ mass. ``facts`` are the
    linked facts with their scores (HippoRAG 2).
    """

    walk: Walk
    seeds: Seeds
    damping: float
    readout: sparse.csr_array
    links: tuple[Link, ...] = ()
    facts: Mapping[int, float] = field(default_factory=dict)

    @cached_property
    def reset(self) -> np.ndarray:
        """The reset distribution (nodes,), all zero without seeds."""
        return self.seeds.reset(self.walk.size)

    @cached_property
    def mass(self) -> np.ndarray:
        """The personalised PageRank of the question (nodes,)."""
        return pagerank(self.walk, self.reset, self.damping)

    @property
    def scores(self) -> np.ndarray:
        """The score of every passage (passages,)."""
        return self.readout @ self.mass

    def states(self, steps: int) -> np.ndarray:
        """The mass after 0 to ``steps`` steps (steps + 1, nodes)."""
        return states(self.walk, self.reset, self.damping, steps)

    def without(
        self, *, seeds: Collection[int] = (), edges: Collection[tuple[int, int]] = ()
    ) -> Trace:
        """The same question had some of the trace's ``seeds`` or the graph's ``edges`` not been.

        The remaining seeds share the whole reset. Raises BadInput for a seed or an edge (a pair of
        nodes, in either order) that is not there.
        """
        walk = self.walk.without(edges) if edges else self.walk
        return replace(self, walk=walk, seeds=self.seeds.without(seeds))
