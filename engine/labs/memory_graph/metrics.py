"""How much of the gold a ranking found, and how sure that is.

Recall@k = |first k and gold| / |gold|, averaged over questions; all-recall@k counts the questions
whose gold is wholly among the first k (HippoRAG, arXiv 2405.14831, section 3 and table 6). All in
percent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.labs.memory_graph.questions import Question

CUTOFFS = (2, 5, 10)
# What a bench shows of each setting: recall at each cutoff, and all-recall at 5.
MEASURES = ("recall@2", "recall@5", "recall@10", "all_recall@5")
PERCENT = 100.0


def gold_ranks(ranked: np.ndarray, gold: Sequence[int]) -> np.ndarray:
    """The place of each gold passage in ``ranked``, from 1; 0 where it is not there (gold,)."""
    places = {int(passage): i for i, passage in enumerate(ranked, start=1)}
    return np.array([places.get(passage, 0) for passage in gold], np.int64)


def recall(ranks: np.ndarray, k: int) -> float:
    """Percent of the gold passages among the first ``k``; ``ranks`` as ``gold_ranks`` gives."""
    return PERCENT * float(((ranks >= 1) & (ranks <= k)).mean())


def recalls(ranks: Sequence[np.ndarray], cutoffs: Sequence[int] = CUTOFFS) -> np.ndarray:
    """Recall of every question at every cutoff in percent (questions, cutoffs)."""
    return np.array([[recall(own, k) for k in cutoffs] for own in ranks]).reshape(-1, len(cutoffs))


def all_recalls(found: np.ndarray) -> np.ndarray:
    """100 where a question's recall is whole, else 0; the shape of ``recalls``."""
    return np.where(found >= PERCENT, PERCENT, 0.0)


def measured(found: np.ndarray) -> np.ndarray:
    """The ``MEASURES`` of questions (..., 4) from their recall at ``CUTOFFS`` (..., 3)."""
    at_five = CUTOFFS.index(5)
    return np.concatenate([found, all_recalls(found)[..., at_five : at_five + 1]], axis=-1)


def bootstrap(
    values: np.ndarray, rng: np.random.Generator, resamples: int = 1000, level: float = 95.0
) -> np.ndarray:
    """The interval of the mean of ``values`` (questions, ...) at ``level`` percent (2, ...).

    Percentile bootstrap over questions (Efron and Tibshirani, 1993, chapter 13).
    """
    count = len(values)
    flat = values.reshape(count, -1)
    picked = rng.integers(0, count, (resamples, count))
    weights = np.stack([np.bincount(row, minlength=count) for row in picked]) / count
    ends = [(100 - level) / 2, (100 + level) / 2]
    return np.percentile(weights @ flat, ends, axis=0).reshape(2, *values.shape[1:])


def by_group(
    questions: Sequence[Question], found: np.ndarray
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The groups in order, the mean of ``found`` in each (groups, cutoffs), and their sizes."""
    names = sorted({question.group for question in questions if question.group})
    member = np.array([[question.group == name for question in questions] for name in names])
    member = member.reshape(len(names), len(questions))
    sizes = member.sum(axis=1)
    return names, member @ found / np.maximum(sizes, 1)[:, None], sizes


def by_hop(
    questions: Sequence[Question], ranked: Sequence[np.ndarray], cutoffs: Sequence[int] = CUTOFFS
) -> np.ndarray:
    """Percent of the questions whose n-th hop's passage is among the first k (hops, cutoffs).

    Only questions with a decomposition count; no rows where none has one.
    """
    longest = max((len(question.hops) for question in questions), default=0)
    rows = []
    for hop in range(longest):
        ranks = [
            gold_ranks(order, [question.hops[hop].passage])
            for question, order in zip(questions, ranked, strict=True)
            if len(question.hops) > hop
        ]
        rows.append(recalls(ranks, cutoffs).mean(axis=0))
    return np.array(rows).reshape(longest, len(cutoffs))
