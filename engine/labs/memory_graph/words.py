"""Words of a text, for the retrievers that count them."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.stopwords import STOP_WORDS

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Lower-case runs of letters and digits, the commonest English words left out.

    >>> words("The Café of 1903")
    ['café', '1903']
    """
    return [word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS]


class Vocabulary:
    """Columns for terms, grown while documents are counted."""

    def __init__(self) -> None:
        self.columns: dict[str, int] = {}

    def count(self, documents: Iterable[Sequence[str]]) -> sparse.csr_array:
        """documents x terms: how often each term stands in each document (float64).

        Documents are read one by one: the terms of all of them take several times the matrix.
        """
        starts, indices, data = array("q", [0]), array("i"), array("d")
        for terms in documents:
            for term, count in Counter(terms).items():
                indices.append(self.columns.setdefault(term, len(self.columns)))
                data.append(count)
            starts.append(len(indices))
        return sparse.csr_array(
            (np.array(data), np.array(indices, np.int32), np.array(starts, np.int64)),
            shape=(len(starts) - 1, len(self.columns)),
        )

    def vector(self, terms: Sequence[str]) -> np.ndarray:
        """How often each known term stands in ``terms`` (terms,)."""
        found = np.zeros(len(self.columns))
        for term in terms:
            column = self.columns.get(term)
            if column is not None:
                found[column] += 1
        return found


def document_counts(counts: sparse.csr_array) -> np.ndarray:
    """In how many documents each term stands (terms,)."""
    return np.bincount(counts.indices, minlength=counts.shape[1]).astype(np.float64)
