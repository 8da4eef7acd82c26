"""Dense retrieval: the cosine of sentence vectors."""

from __future__ import annotations

import numpy as np

from engine.core.errors import BadInput
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.retrievers import Ranker
from engine.labs.memory_graph.vectors import Vectors

NO_VECTORS = (
    "dense retrieval needs sentence vectors: give a .npz of them; `python -m engine memory_graph "
    "embed` makes one with a sentence-embedding model folder on this machine"
)


class Dense(Ranker):
    """Cosine of the question's vector with every passage's."""

    name = "dense"

    def __init__(self, vectors: Vectors):
        self.vectors = vectors

    def scores(self, question: Question) -> np.ndarray:
        """Cosine with every passage (passages,); raises BadInput for a question without vector."""
        return self.vectors.passages @ question_vector(self.vectors, question)


def question_vector(vectors: Vectors, question: Question) -> np.ndarray:
    """The question's vector (width,); raises BadInput("vectors") where none is stored."""
    found = vectors.questions.get(question.text)
    if found is None:
        raise BadInput("vectors", f"there is no vector for the question {question.text[:60]!r}")
    return found
