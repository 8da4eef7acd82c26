"""Move the borders of events to where the similarity matrix splits best (EM-LLM, algorithm 1).

For each pair of consecutive boundaries every position between the last one (as already moved) and
this one is tried, in a window that has half an event more on each side; a border therefore only
moves back. The authors' code never tries the position at which surprise put the border
(``keep_own=False``); here it is tried too unless that switch is off. The code also starts anew in
each chunk of 512 tokens, from the last event before it; here the whole stream is walked at once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core import BadInput
from engine.labs.memory_graph.living.checks import vectors, whole
from engine.labs.memory_graph.living.cohesion import (
    Cuts,
    Measure,
    Reading,
    checked,
    score_reference,
    similarity,
)
from engine.labs.memory_graph.living.events import MIN_EVENT

Scorer = Callable[[np.ndarray, int, int], np.ndarray]  # cuts, start, end -> scores


def refine(
    opening: np.ndarray,
    a: np.ndarray,
    measure: Measure = "modularity",
    reading: Reading = "code",
    *,
    min_event: int = MIN_EVENT,
    keep_own: bool = True,
) -> np.ndarray:
    """The boundaries ``opening`` (ascending) after refinement on ``a: n n``; as many as before.

    Boundaries closer than ``min_event`` to the one before stay where they are. Raises BadInput.
    """
    a = checked(a, measure, reading)
    table = Cuts(a)

    def scorer(cuts: np.ndarray, start: int, end: int) -> np.ndarray:
        return table.scores(cuts, start, end, measure, reading)

    return _walk(opening, len(a), scorer, measure, min_event, keep_own)


def refine_rows(
    opening: np.ndarray,
    rows: np.ndarray,
    measure: Measure = "modularity",
    reading: Reading = "code",
    *,
    min_event: int = MIN_EVENT,
    keep_own: bool = True,
    clip: bool = True,
) -> np.ndarray:
    """``refine`` on ``similarity(rows: n d)`` without the n by n matrix: for long streams.

    Only the windows that are looked at are multiplied: events of w tokens cost w^2 d each.
    """
    rows = vectors(rows, "rows")
    checked(np.zeros((0, 0)), measure, reading)

    def scorer(cuts: np.ndarray, start: int, end: int) -> np.ndarray:
        inside = Cuts(similarity(rows[start:end], clip=clip), trusted=True)
        return inside.scores(cuts - start, 0, end - start, measure, reading)

    return _walk(opening, len(rows), scorer, measure, min_event, keep_own)


def refine_reference(
    opening: np.ndarray,
    a: np.ndarray,
    measure: Measure = "modularity",
    reading: Reading = "code",
    *,
    min_event: int = MIN_EVENT,
    keep_own: bool = True,
) -> np.ndarray:
    """The slow twin of ``refine``: every cut is scored by loops over all pairs."""
    a = checked(a, measure, reading)

    def scorer(cuts: np.ndarray, start: int, end: int) -> np.ndarray:
        inside = a[start:end, start:end]
        n = end - start
        return np.array(
            [
                score_reference(inside, (range(t - start), range(t - start, n)), measure, reading)
                for t in cuts
            ]
        )

    return _walk(opening, len(a), scorer, measure, min_event, keep_own)


def _walk(
    opening: np.ndarray,
    length: int,
    scorer: Scorer,
    measure: Measure,
    min_event: int,
    keep_own: bool,
) -> np.ndarray:
    whole(min_event, "min_event", 1)
    places = [int(place) for place in opening]
    if places != sorted(set(places)) or (places and not 0 < places[0] <= places[-1] < length):
        raise BadInput("boundaries", f"must ascend between 1 and {length - 1}")
    found = []
    last = 0
    for place in places:
        half = (place - last) // 2
        start, end = max(0, last - half), min(length, place + half)
        cuts = np.arange(last + min_event, place + (1 if keep_own else 0))
        cuts = cuts[(cuts > start) & (cuts < end)]
        if place - last > min_event and len(cuts):
            scores = scorer(cuts, start, end)
            # Rounding must not decide between equal cuts: the first one wins in both twins.
            scores = np.round(scores, 12)
            best = scores.argmin() if measure == "conductance" else scores.argmax()
            place = int(cuts[best])
        found.append(place)
        last = place
    return np.array(found, dtype=np.int64)
