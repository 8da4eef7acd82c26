"""Everything a graph retriever did for one question, so that it can be shown and explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.link import Link
from engine.labs.memory_graph.pagerank import Walk, pagerank, states


@dataclass(frozen=True, eq=False)
class Trace:
    """A walk and what it starts from.

    ``reset`` (nodes,) is the reset distribution, all zero where the question names nothing;
    ``readout`` (passages x nodes) turns mass into scores: score = readout @ mass.
    ``fact_seeds`` (facts x nodes) is the part of ``reset`` that each linked fact gave.
    """

    walk: Walk
    reset: np.ndarray
    damping: float
    readout: sparse.csr_array
    links: tuple[Link, ...] = ()
    facts: Mapping[int, float] = field(default_factory=dict)
    """Linked facts and their scores (HippoRAG 2)."""

    def mass(self) -> np.ndarray:
        """The personalised PageRank of the question (nodes,)."""
        return pagerank(self.walk, self.reset, self.damping)

    def states(self, steps: int) -> np.ndarray:
        """The mass after 0 to ``steps`` steps (steps + 1, nodes)."""
        return states(self.walk, self.reset, self.damping, steps)

    def scores(self, mass: np.ndarray | None = None) -> np.ndarray:
        """The score of every passage (passages,) for a mass, the final one if none is given."""
        return self.readout @ (self.mass() if mass is None else mass)
