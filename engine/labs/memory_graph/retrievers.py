"""What every retriever does: give each passage a score for a question."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.labs.memory_graph.questions import Question


@dataclass(frozen=True, eq=False)
class Ranking:
    """Positions of passages, the best first, and their scores (k,).

    ``note`` says what kept the retriever from answering as it should, such as a question without a
    name; empty otherwise.
    """

    passages: np.ndarray
    scores: np.ndarray
    note: str = ""


class Retriever(Protocol):
    """Ranks the passages of one corpus. ``nodes`` and ``edges`` are 0 where there is no graph."""

    name: str
    nodes: int
    edges: int

    def scores(self, question: Question) -> np.ndarray:
        """A score for every passage (passages,); more is better, the scale is the method's own."""

    def rank(self, question: Question, k: int, within: np.ndarray | None = None) -> Ranking:
        """The ``k`` best passages, of those ``within`` (passages, bool) where it is given."""


class Ranker(ABC):
    """Base of the retrievers: ranks by ``scores``; of equal ones the earlier passage first."""

    name = ""
    nodes = 0
    edges = 0
    nothing = "no word of the question stands in the corpus"
    """The note of a ranking in which every passage scores 0."""

    @abstractmethod
    def scores(self, question: Question) -> np.ndarray:
        """A score for every passage (passages,)."""

    def rank(self, question: Question, k: int, within: np.ndarray | None = None) -> Ranking:
        """The ``k`` best passages, of those ``within`` (passages, bool) where it is given."""
        scores = self.scores(question)
        order = best(scores, k, within)
        return Ranking(order, scores[order], "" if scores.any() else self.nothing)


def best(scores: np.ndarray, k: int, within: np.ndarray | None = None) -> np.ndarray:
    """Positions of the ``k`` largest ``scores`` in order; of equal ones the earlier first (k,)."""
    order = np.argsort(-scores, kind="stable")
    if within is not None:
        order = order[within[order]]
    return order[: max(k, 0)]


def min_max(scores: np.ndarray) -> np.ndarray:
    """Scores from 0 to 1; equal ones, which rank nothing, all become 1 as in HippoRAG's code."""
    low, high = scores.min(initial=np.inf), scores.max(initial=-np.inf)
    return (scores - low) / (high - low) if high > low else np.ones_like(scores)
