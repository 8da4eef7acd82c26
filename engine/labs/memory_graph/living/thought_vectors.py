"""Vectors of thoughts without a model: TF-IDF over words and pairs of words, then fewer numbers.

A hash that turns vectors at random wants them short. Two ways: the singular vectors of the
thoughts' own matrix (latent semantic analysis, Deerwester et al. 1990), or a random projection
(Johnson and Lindenstrauss 1984), which knows nothing of the thoughts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from engine.core.errors import BadInput
from engine.core.seeds import rng
from engine.labs.memory_graph.living.checks import unit_rows
from engine.labs.memory_graph.tfidf import WordIndex

Shortening = Literal["svd", "projection"]
FEWEST = 8


class ThoughtSpace:
    """Unit vectors of ``width`` numbers, float32 ``rows`` (texts, width); fewer for few texts.

    ``kept`` is the share of the squared length of the TF-IDF vectors that lies in the short ones
    (singular vectors), 1 for a projection, which keeps it on average. Raises BadInput("corpus")
    for fewer than eight texts or words.
    """

    def __init__(self, texts: Sequence[str], width: int, by: Shortening = "svd"):
        self.index = WordIndex(texts) if texts else None
        if self.index is None or min(self.index.columns.shape) < FEWEST:
            raise BadInput("corpus", f"at least {FEWEST} thoughts of different words are needed")
        matrix = sparse.csr_array(self.index.columns)
        self.width = min(width, min(matrix.shape) - 1)
        self.basis = _singular(matrix, self.width) if by == "svd" else _random(matrix, self.width)
        short = matrix @ self.basis
        self.kept = float((short**2).sum() / (matrix.data**2).sum()) if by == "svd" else 1.0
        self.rows = unit_rows(short).astype(np.float32)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of any texts, float32 (texts, width); zeros where no word is known."""
        assert self.index is not None
        if not texts:
            return np.zeros((0, self.width), np.float32)
        full = np.stack([self.index.vector(text) for text in texts])
        return unit_rows(full @ self.basis).astype(np.float32)


def _singular(matrix: sparse.csr_array, width: int) -> np.ndarray:
    """The right singular vectors of the largest singular values (terms, width).

    Their signs are free; the largest number of each is made positive, so that the same thoughts
    always hash to the same buckets.
    """
    _, values, right = svds(matrix, k=width, v0=np.ones(min(matrix.shape)))
    basis = right[np.argsort(-values, kind="stable")].T
    signs = np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(width)])
    return basis * np.where(signs == 0, 1, signs)


def _random(matrix: sparse.csr_array, width: int) -> np.ndarray:
    stream = rng(0, "thoughts", matrix.shape[1], width)
    return stream.standard_normal((matrix.shape[1], width)) / np.sqrt(width)
