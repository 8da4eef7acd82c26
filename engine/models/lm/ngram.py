"""Interpolated modified Kneser-Ney n-grams: the baseline that a language model has to beat.

Chen and Goodman 1999, "An empirical study of smoothing techniques for language modeling",
section 3 (equations 24-26 for the discounts). Everything is sorted integer keys: an n-gram over a
vocabulary of V pieces is the number w1 V^(n-1) + ... + wn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import BadInput

FALLBACK_DISCOUNT = 0.5  # where counts of counts are too few to estimate one


@dataclass(frozen=True)
class _Level:
    """The n-grams of one order with what their contexts need.

    ``keys`` int64 (types,) sorted, ``mass`` float64 (types,) is the discounted share of the
    context's count; ``contexts`` int64 (contexts,) sorted, ``rest`` float64 (contexts,) is the
    weight of the next lower order.
    """

    keys: np.ndarray
    mass: np.ndarray
    contexts: np.ndarray
    rest: np.ndarray


class KneserNey:
    """An n-gram model of ``order`` over token ids 0 .. ``vocabulary`` - 1.

    Raises BadInput for an order below 1 or where vocabulary ** order exceeds 2 ** 62.
    """

    def __init__(self, order: int, vocabulary: int):
        if vocabulary < 1:
            raise BadInput("vocabulary", f"must be at least 1 (got {vocabulary})")
        if order < 1 or vocabulary**order > 2**62:
            raise BadInput("order", f"must be at least 1 with vocabulary^order <= 2^62 ({order})")
        self.order, self.vocabulary = order, vocabulary
        self._levels: list[_Level] = []

    def fit(self, tokens: np.ndarray) -> KneserNey:
        """Count a stream of token ids, shape (tokens,); needs at least ``order`` of them."""
        stream = self._checked(tokens)
        if len(stream) < self.order:
            raise BadInput("tokens", f"needs at least {self.order} tokens (got {len(stream)})")
        keys, counts = np.unique(self._grams(stream, self.order), return_counts=True)
        levels = []
        for n in range(self.order, 0, -1):
            levels.append(self._level(keys, counts))
            # Lower orders count in how many different contexts an n-gram continues one.
            keys, counts = np.unique(keys % self.vocabulary ** (n - 1), return_counts=True)
        self._levels = levels[::-1]
        return self

    def logprob(self, tokens: np.ndarray) -> np.ndarray:
        """Natural log probability of each token given those before it, float64 (tokens,).

        The first tokens have as much context as there is; the very first has none.
        """
        stream = self._checked(tokens)
        if not self._levels:
            raise BadInput("tokens", "the model must be fitted before it can be asked")
        probability = np.full(len(stream), 1.0 / self.vocabulary)
        for n, level in enumerate(self._levels, start=1):
            if len(stream) < n:
                break
            grams = self._grams(stream, n)
            here = probability[n - 1 :]
            rest = _look_up(level.contexts, level.rest, grams // self.vocabulary, missing=1.0)
            mass = _look_up(level.keys, level.mass, grams, missing=0.0)
            probability[n - 1 :] = mass + rest * here
        return np.log(probability)

    def _checked(self, tokens: np.ndarray) -> np.ndarray:
        stream = np.asarray(tokens)
        if stream.ndim != 1 or stream.dtype.kind not in "iu":
            raise BadInput("tokens", "must be a one-dimensional array of integers")
        if len(stream) and not 0 <= int(stream.min()) <= int(stream.max()) < self.vocabulary:
            raise BadInput("tokens", f"must lie between 0 and {self.vocabulary - 1}")
        return stream.astype(np.int64)

    def _grams(self, stream: np.ndarray, n: int) -> np.ndarray:
        keys = np.zeros(len(stream) - n + 1, np.int64)
        for offset in range(n):
            keys = keys * self.vocabulary + stream[offset : offset + len(keys)]
        return keys

    def _level(self, keys: np.ndarray, counts: np.ndarray) -> _Level:
        contexts, starts = np.unique(keys // self.vocabulary, return_index=True)
        totals = np.add.reduceat(counts, starts)
        taken = discounts(counts)[np.minimum(counts, 3)]
        spans = np.diff(np.append(starts, len(keys)))
        return _Level(
            keys,
            (counts - taken) / np.repeat(totals, spans),
            contexts,
            np.add.reduceat(taken, starts) / totals,
        )


def discounts(counts: np.ndarray) -> np.ndarray:
    """What is taken from counts of 0, 1, 2 and 3 or more, float64 (4,).

    D_k = k - (k + 1) Y n_(k+1) / n_k with Y = n_1 / (n_1 + 2 n_2), where n_k is how many n-grams
    occur k times.
    """
    n = np.bincount(np.minimum(counts, 5), minlength=6).astype(float)
    table = np.array([0.0, *[FALLBACK_DISCOUNT] * 3])
    if n[1] and n[2]:
        y = n[1] / (n[1] + 2 * n[2])
        for k in (1, 2, 3):
            if n[k] and n[k + 1]:
                table[k] = np.clip(k - (k + 1) * y * n[k + 1] / n[k], 0.0, k)
    return table


def _look_up(
    keys: np.ndarray, values: np.ndarray, wanted: np.ndarray, missing: float
) -> np.ndarray:
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], missing)
