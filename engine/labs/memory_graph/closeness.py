"""How close a question or a memory is to every memory: by words, or by sentence vectors."""

from __future__ import annotations

import numpy as np

from engine.labs.memory_graph.dated import Dated
from engine.labs.memory_graph.dense import question_vector
from engine.labs.memory_graph.loading import Loaded
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.tfidf import WordIndex


class Closeness:
    """Cosines with every dated memory: of TF-IDF vectors, or of dense ones where some came."""

    def __init__(self, loaded: Loaded, memories: Dated):
        self.vectors = loaded.materials.vectors
        self.memories = memories
        passages = loaded.corpus.passages
        self._texts = [passages[place].content for place in memories.place]
        if self.vectors is None:
            self._index = WordIndex(self._texts)
        else:
            self._rows = self.vectors.passages[memories.place]

    @property
    def name(self) -> str:
        """What a figure says of it."""
        return "TF-IDF" if self.vectors is None else "sentence vectors"

    def of_question(self, question: Question) -> np.ndarray:
        """Cosine with every memory (memory,), -1 outside the question's own conversation.

        Raises BadInput("vectors") where dense vectors came without one for this question.
        """
        if self.vectors is None:
            scores = self._index.similarities(question.text)
        else:
            scores = self._rows @ question_vector(self.vectors, question)
        if question.scope in self.memories.scopes and question.scope:
            own = self.memories.scopes.index(question.scope)
            scores = np.where(self.memories.scope == own, scores, -1.0)
        return scores

    def of_memory(self, memory: int) -> np.ndarray:
        """Cosine of a memory with every one of its conversation (memory,), -1 elsewhere."""
        scores = self.between(memory)
        return np.where(self.memories.scope == self.memories.scope[memory], scores, -1.0)

    def between(self, memory: int) -> np.ndarray:
        """Cosine of a memory with every one, itself included (memory,)."""
        if self.vectors is None:
            return self._index.similarities(self._texts[memory])
        return self._rows @ self._rows[memory]
