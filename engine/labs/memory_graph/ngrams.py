"""Character n-grams of phrases as TF-IDF vectors: names that are spelled alike lie close.

Every word is padded by one space on each side and cut into pieces of 3 and 4 characters, none
across a border of words; weights are count times ln((1 + n) / (1 + df)) + 1, rows have length 1.
The same definition as scikit-learn's ``TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4))``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy import sparse

SIZES = (3, 4)


def word_grams(word: str) -> Counter[str]:
    """The pieces of one word; a word too short for a size is one piece of its own.

    >>> sorted(word_grams("cat"))
    [' ca', ' cat', 'at ', 'cat', 'cat ']
    """
    padded = f" {word} "
    grams: Counter[str] = Counter()
    for size in SIZES:
        if len(padded) <= size:
            grams[padded] += 1
            break
        grams.update(padded[i : i + size] for i in range(len(padded) - size + 1))
    return grams


class NgramIndex:
    """TF-IDF vectors of phrases and the way to find the nearest one."""

    def __init__(self, phrases: Sequence[str]):
        words: dict[str, int] = {}
        uses = [[words.setdefault(w, len(words)) for w in phrase.split()] for phrase in phrases]
        self.columns: dict[str, int] = {}
        # A word's pieces are counted once, however many phrases hold it.
        pieces = _counts([self._known(word, self.columns) for word in words], len(self.columns))
        phrase_words = _counts([Counter(use) for use in uses], len(words))
        counts = sparse.csr_array(phrase_words @ pieces)
        documents = np.bincount(counts.indices, minlength=counts.shape[1])
        self.idf = np.log((1 + len(phrases)) / (1 + documents)) + 1
        self.matrix = _unit_rows(counts * self.idf)
        """phrases x pieces, every row of length 1 or 0."""

    def vector(self, phrase: str) -> np.ndarray:
        """The unit vector of any phrase over the known pieces (pieces,)."""
        found = np.zeros(len(self.columns))
        for word in phrase.split():
            for gram, count in word_grams(word).items():
                column = self.columns.get(gram)
                if column is not None:
                    found[column] += count
        found *= self.idf
        length = np.linalg.norm(found)
        return found / length if length else found

    def similarities(self, phrase: str) -> np.ndarray:
        """Cosine of ``phrase`` with every phrase of the index (phrases,)."""
        return self.matrix @ self.vector(phrase)

    @staticmethod
    def _known(word: str, columns: dict[str, int]) -> dict[int, int]:
        grams = word_grams(word).items()
        return {columns.setdefault(gram, len(columns)): count for gram, count in grams}


def _counts(rows: Sequence[dict[int, int]], width: int) -> sparse.csr_array:
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    indices = np.fromiter((column for row in rows for column in row), np.int32, starts[-1])
    data = np.fromiter((count for row in rows for count in row.values()), np.float64, starts[-1])
    return sparse.csr_array((data, indices, starts), shape=(len(rows), width))


def _unit_rows(matrix: sparse.csr_array) -> sparse.csr_array:
    matrix = sparse.csr_array(matrix)
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    lengths[lengths == 0] = 1
    return sparse.csr_array(sparse.diags_array(1 / lengths) @ matrix)
