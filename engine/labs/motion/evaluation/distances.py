"""Distances between sets of motions, and between motions and texts, in an embedding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

POOL = 32
PAIRS = 300


def frechet(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The Fréchet distance of normal distributions fitted to (n, width) and (m, width).

    ``|a - b|^2 + tr(A + B - 2 (A B)^(1/2))``; the trace of the root is that of the roots of the
    eigenvalues of the symmetric ``A^(1/2) B A^(1/2)``. It is biased upwards for small sets.
    """
    means = ours.mean(0) - theirs.mean(0)
    first, second = (np.cov(one, rowvar=False) for one in (ours, theirs))
    root = _root(first)
    crossed = np.linalg.eigvalsh(root @ second @ root)
    overlap = np.sqrt(np.clip(crossed, 0, None)).sum()
    return float(means @ means + np.trace(first) + np.trace(second) - 2 * overlap)


def diversity(
    embedded: np.ndarray, generator: np.random.Generator, pairs: int = PAIRS
) -> float | None:
    """Mean distance of random pairs of different rows (n, width), None for a single one."""
    count = len(embedded)
    if count < 2:
        return None
    first = generator.integers(count, size=pairs)
    second = (first + generator.integers(1, count, size=pairs)) % count
    return float(np.linalg.norm(embedded[first] - embedded[second], axis=-1).mean())


def r_precision(
    scores: np.ndarray,
    captions: Sequence[str],
    generator: np.random.Generator,
    *,
    pool: int = POOL,
    best: int = 3,
) -> tuple[list[float], int]:
    """Shares of motions whose caption is among the best 1, 2, ... of a pool, and the pool's size.

    ``scores`` (n, n) of motions with texts. A pool holds the motion's own caption and others drawn
    from those that read differently; it is smaller where there are fewer.
    """
    texts = np.array(captions)
    others = len(set(captions)) - 1
    size = min(pool, others + 1)
    first = {text: at for at, text in reversed(list(enumerate(captions)))}
    distinct = np.array(sorted(first.values()))
    hits = np.zeros(best)
    for at in range(len(texts)):
        against = distinct[texts[distinct] != texts[at]]
        chosen = generator.choice(against, size=size - 1, replace=False)
        rank = int((scores[at, chosen] >= scores[at, at]).sum())
        hits[rank:] += 1
    return (hits / len(texts)).tolist(), size


def _root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
