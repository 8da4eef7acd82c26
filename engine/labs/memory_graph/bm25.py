"""BM25: rare words of the question that a short passage repeats.

    score(D, Q) = sum over q in Q of idf(q) f(q, D) (k1 + 1) / (f(q, D) + k1 K)
    K = 1 - b + b |D| / average |D|
    idf(q) = ln(1 + (N - n(q) + 0.5) / (n(q) + 0.5))

Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009; the
idf that is never negative is Lucene's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.retrievers import Ranker
from engine.labs.memory_graph.words import Vocabulary, document_counts, words

K1 = 1.5
B = 0.75


class BM25(Ranker):
    """Every weight is computed once: a question is a product with the columns of its words."""

    name = "bm25"

    def __init__(self, passages: Sequence[Passage], k1: float = K1, b: float = B):
        self.vocabulary = Vocabulary()
        counts = self.vocabulary.count(words(passage.content) for passage in passages)
        n = document_counts(counts)
        idf = np.log1p((counts.shape[0] - n + 0.5) / (n + 0.5))
        lengths = np.asarray(counts.sum(axis=1)).ravel()
        average = max(lengths.mean(), 1.0) if len(lengths) else 1.0
        f = counts.data
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        damped = f * (k1 + 1) / (f + k1 * (1 - b + b * lengths[rows] / average))
        weights = sparse.csr_array(
            (damped * idf[counts.indices], counts.indices, counts.indptr), shape=counts.shape
        )
        # A question has few words: their columns are all that is touched.
        self.weights = sparse.csc_array(weights)

    def scores(self, question: Question) -> np.ndarray:
        """BM25 of every passage (passages,)."""
        found = np.zeros(self.weights.shape[0])
        for term in words(question.text):
            column = self.vocabulary.columns.get(term)
            if column is not None:
                start, end = self.weights.indptr[column : column + 2]
                found[self.weights.indices[start:end]] += self.weights.data[start:end]
        return found
