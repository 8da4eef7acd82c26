"""TF-IDF: the angle between word counts, single words and pairs.

Weights are (1 + ln tf) (1 + ln((1 + N) / (1 + df))), rows have length 1; the same definition as
scikit-learn's ``TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.retrievers import Ranker
from engine.labs.memory_graph.words import Vocabulary, document_counts, words


class WordIndex:
    """Unit vectors of texts over words and pairs of words."""

    def __init__(self, texts: Sequence[str]):
        self.vocabulary = Vocabulary()
        counts = self.vocabulary.count(terms(text) for text in texts)
        self.idf = 1 + np.log((1 + len(texts)) / (1 + document_counts(counts)))
        weights = counts.copy()
        weights.data = (1 + np.log(counts.data)) * self.idf[counts.indices]
        lengths = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
        rows = np.repeat(np.arange(len(texts)), np.diff(weights.indptr))
        weights.data /= lengths[rows]
        self.columns = sparse.csc_array(weights)

    def similarities(self, text: str) -> np.ndarray:
        """Cosine of ``text`` with every text (texts,)."""
        vector = self.vector(text)
        used = np.flatnonzero(vector)
        if not len(used):
            return np.zeros(self.columns.shape[0])
        return self.columns[:, used] @ vector[used]

    def vector(self, text: str) -> np.ndarray:
        """The unit vector of any text (terms,); zeros where no term of it is known."""
        counts = self.vocabulary.vector(terms(text))
        used = np.flatnonzero(counts)
        weights = np.zeros(len(counts))
        weights[used] = (1 + np.log(counts[used])) * self.idf[used]
        length = np.linalg.norm(weights)
        return weights / length if length else weights


def terms(text: str) -> list[str]:
    """Words and pairs of neighbouring words."""
    found = words(text)
    return found + [f"{a} {b}" for a, b in pairwise(found)]


class Tfidf(Ranker):
    """Cosine of TF-IDF vectors."""

    name = "tfidf"

    def __init__(self, passages: Sequence[Passage]):
        self.index = WordIndex([passage.content for passage in passages])

    def scores(self, question: Question) -> np.ndarray:
        """Cosine with every passage (passages,)."""
        return self.index.similarities(question.text)
