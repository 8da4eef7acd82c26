"""EM-LLM's events (arXiv 2407.09450): a stream is cut where it surprises.

A token opens an event where its surprise s_t exceeds mean + gamma * std of the surprise before it
(paper, equation 1). The authors' code takes the statistics once for each chunk of 512 tokens, from
the local window of 4,096 tokens that ends with the chunk, the chunk itself left out; the first
chunk uses its own. Events under 8 tokens join the next, those over 128 are split, and a stream
without any boundary is cut every 128.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np

from engine.core import BadInput
from engine.labs.memory_graph.living.checks import real, series, whole

GAMMA = 1.0  # in every shipped configuration; the constructor's default is 1.1
WINDOW = 4096
CHUNK = 512
MIN_EVENT = 8
MAX_EVENT = 128

Statistics = Literal["paper", "code"]


def threshold(
    surprise: np.ndarray,
    gamma: float = GAMMA,
    *,
    window: int = WINDOW,
    chunk: int = CHUNK,
    statistics: Statistics = "code",
) -> np.ndarray:
    """mean + gamma * std for each token of ``surprise: t`` (nats), float64 (t,).

    "code": as the module says. "paper": over the ``window`` tokens before each token, and over the
    first chunk for the tokens of the first chunk, which have little before them. The standard
    deviation is the unbiased one, as in the code. Raises BadInput.
    """
    s = _checked(surprise, gamma, window, chunk, statistics)
    if not len(s):
        return s
    if statistics == "code":
        return _by_chunk(s, gamma, window, chunk)
    # Centred first: prefix sums of squares of large numbers would lose the variance.
    centre = s.mean()
    shifted = s - centre
    sums = np.concatenate(([0.0], np.cumsum(shifted)))
    squares = np.concatenate(([0.0], np.cumsum(shifted * shifted)))
    end = np.arange(len(s))
    start = np.maximum(end - window, 0)
    n = np.maximum(end - start, 1)
    mean = (sums[end] - sums[start]) / n
    spread = squares[end] - squares[start] - n * mean * mean
    std = np.sqrt(np.maximum(spread, 0.0) / np.maximum(n - 1, 1))
    found = centre + mean + gamma * std
    found[:chunk] = _level(s[:chunk], gamma)
    return found


def threshold_reference(
    surprise: np.ndarray,
    gamma: float = GAMMA,
    *,
    window: int = WINDOW,
    chunk: int = CHUNK,
    statistics: Statistics = "code",
) -> np.ndarray:
    """The slow twin of ``threshold``: one window after the other."""
    s = _checked(surprise, gamma, window, chunk, statistics)
    found = np.empty(len(s))
    for t in range(len(s)):
        if t < chunk:
            seen = s[:chunk]
        elif statistics == "paper":
            seen = s[max(t - window, 0) : t]
        else:
            first = t // chunk * chunk
            end = min(first + chunk, len(s))
            seen = s[min(max(end - window, 0), first - 1) : first]
        found[t] = _level(seen, gamma)
    return found


def _by_chunk(s: np.ndarray, gamma: float, window: int, chunk: int) -> np.ndarray:
    found = np.empty(len(s))
    for first in range(0, len(s), chunk):
        end = min(first + chunk, len(s))
        # A window no longer than the chunk would leave nothing to take statistics of.
        begin = min(max(end - window, 0), first - 1)
        seen = s[begin:first] if first else s[:end]
        found[first:end] = _level(seen, gamma)
    return found


def _level(seen: np.ndarray, gamma: float) -> float:
    spread = float(seen.std(ddof=1)) if len(seen) > 1 else 0.0
    return float(seen.mean()) + gamma * spread


def _checked(s: np.ndarray, gamma: float, window: int, chunk: int, statistics: str) -> np.ndarray:
    real(gamma, "gamma", -10, 100)
    whole(window, "window", 2)
    whole(chunk, "chunk", 1)
    if statistics not in ("paper", "code"):
        raise BadInput("statistics", f'must be "paper" or "code" (got {statistics!r})')
    return series(s, "surprise")


def boundaries(
    surprise: np.ndarray,
    level: np.ndarray,
    *,
    min_event: int = MIN_EVENT,
    max_event: int = MAX_EVENT,
) -> np.ndarray:
    """Where events open in ``surprise: t`` against ``level: t``, int (events - 1,), 0 left out.

    Where the stream is long enough every event has ``min_event`` to ``max_event`` tokens: a short
    one joins the next (the last joins the one before), a long one is cut every ``max_event``, and
    its last cut is moved back if the rest would be too short. Raises BadInput.
    """
    s, level = series(surprise, "surprise"), series(level, "level")
    if s.shape != level.shape:
        raise BadInput("level", f"has {len(level)} values for {len(s)} tokens")
    return tidy(np.flatnonzero(s > level), len(s), min_event=min_event, max_event=max_event)


def tidy(
    opening: np.ndarray, length: int, *, min_event: int = MIN_EVENT, max_event: int = MAX_EVENT
) -> np.ndarray:
    """The boundaries ``opening`` of a stream of ``length`` tokens with both sizes enforced.

    Raises BadInput where ``max_event`` is under twice ``min_event``: a rest might fit nowhere.
    """
    whole(min_event, "min_event", 1)
    whole(max_event, "max_event", 2 * min_event)
    kept = [0]
    for place in sorted({int(place) for place in opening}):
        if place - kept[-1] >= min_event and length - place >= min_event:
            kept.append(place)
    found = []
    for start, end in zip(kept, [*kept[1:], length], strict=True):
        cut = start
        while end - cut > max_event:
            cut = min(cut + max_event, end - min_event)
            found.append(cut)
        if end < length:
            found.append(end)
    return np.array(found, dtype=np.int64)


def blocks(opening: np.ndarray, length: int) -> list[tuple[int, int]]:
    """Events as (start, end) token ranges; none for an empty stream."""
    edges = [0, *(int(place) for place in opening), length]
    return [(a, b) for a, b in pairwise(edges) if b > a]
