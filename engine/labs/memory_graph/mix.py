"""A mixture: two scores, each from 0 to 1 within its question, added with a weight.

HippoRAG's ensemble (arXiv 2405.14831, appendix F.2) is this with a dense retriever and weight 0.5.
"""

from __future__ import annotations

import numpy as np

from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.retrievers import Ranker, Retriever, min_max


class Mix(Ranker):
    """``weight`` times the first retriever's min-max scores, the rest of 1 times the second's."""

    name = "mix"

    def __init__(self, first: Retriever, second: Retriever, weight: float = 0.5):
        self.first, self.second, self.weight = first, second, weight
        self.nodes, self.edges = first.nodes + second.nodes, first.edges + second.edges

    def scores(self, question: Question) -> np.ndarray:
        """The mixed scores, 0 to 1 (passages,)."""
        first, second = self.first.scores(question), self.second.scores(question)
        return self.weight * min_max(first) + (1 - self.weight) * min_max(second)
