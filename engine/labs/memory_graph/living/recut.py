"""Cut a stream again at another gamma: what a page can do at once, without a job and torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.labs.memory_graph.living.cohesion import MEASURES, Measure, Reading
from engine.labs.memory_graph.living.events import Statistics, boundaries, threshold
from engine.labs.memory_graph.living.refine import refine_rows
from engine.labs.memory_graph.living.surprise import Surprise, per_text


@dataclass(frozen=True, eq=False)
class Cut:
    """``level``, ``mean`` and ``std`` float64 (token,): level = mean + gamma * std.

    ``above`` counts the tokens over the level; ``opening`` int (events - 1,) are the boundaries
    that are left once events are neither too short nor too long.
    """

    gamma: float
    statistics: Statistics
    mean: np.ndarray
    std: np.ndarray
    level: np.ndarray
    above: int
    opening: np.ndarray


def cut(surprise: np.ndarray, gamma: float, statistics: Statistics = "code") -> Cut:
    """Threshold and boundaries of ``surprise: t`` (nats); raises BadInput."""
    mean = threshold(surprise, 0.0, statistics=statistics)
    level = threshold(surprise, gamma, statistics=statistics)
    std = threshold(surprise, 1.0, statistics=statistics) - mean
    above = int((np.asarray(surprise) > level).sum())
    opening = boundaries(surprise, level)
    return Cut(float(gamma), statistics, mean, std, level, above, opening)


def refined(
    opening: np.ndarray, rows: np.ndarray, *, clip: bool, reading: Reading = "code"
) -> dict[Measure, np.ndarray]:
    """``opening`` after refinement by each measure on ``rows: t d`` (whole stream)."""
    x = np.asarray(rows, dtype=np.float32)
    return {measure: refine_rows(opening, x, measure, reading, clip=clip) for measure in MEASURES}


def fixed_borders(length: int, count: int) -> np.ndarray:
    """``count`` borders at equal distances in 1 .. length - 1."""
    return np.unique(np.round(np.arange(1, count + 1) * length / (count + 1)).astype(np.int64))


def piece_starts(piece: np.ndarray) -> np.ndarray:
    """The first token of every passage but the first; ``piece: t`` is the passage of each token."""
    return np.flatnonzero(np.diff(piece)) + 1


def cut_between(surprise: np.ndarray, piece: np.ndarray, gamma: float) -> np.ndarray:
    """Boundaries where a passage opens more surprisingly than mean + gamma * std of all passages.

    EM-LLM cuts between tokens; a dialogue can be cut between turns only. The surprise of a passage
    is the mean of its first eight tokens, and the statistics are those of the whole stream.
    """
    starts = np.concatenate(([0], piece_starts(piece)))
    heard = Surprise(np.asarray(surprise, np.float64), starts, np.zeros(0, np.int64), "")
    opening = per_text(heard)
    level = opening.mean() + gamma * (opening.std(ddof=1) if len(opening) > 1 else 0.0)
    return starts[1:][opening[1:] > level]
