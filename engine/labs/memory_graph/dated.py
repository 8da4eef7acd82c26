"""The passages of a memory that have a day, in the order of their days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.core.errors import BadInput
from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.ingest.dates import iso_date
from engine.labs.memory_graph.living.forgetting import MAX_CELLS, MAX_DAYS


@dataclass(frozen=True, eq=False)
class Dated:
    """Memories: passages with a day. Arrays over ``memory``, ordered by day, then as read.

    ``place``: position in the corpus; ``born``: days since ``first``; ``scope``: a number for each
    conversation, since a question within one finds nothing of another. ``days``: how many days the
    timeline has, the last entry and ``days_after`` included. ``undated``: passages left out.
    """

    first: date
    days: int
    place: np.ndarray
    born: np.ndarray
    scope: np.ndarray
    scopes: tuple[str, ...]
    undated: int

    def __len__(self) -> int:
        return len(self.place)

    def of(self, places: Sequence[int]) -> list[int]:
        """Memories at these positions of the corpus; those without a day are left out."""
        at = {int(place): i for i, place in enumerate(self.place)}
        return [at[place] for place in places if place in at]


def dated(passages: Sequence[Passage], days_after: int) -> Dated:
    """The memories of ``passages``; raises BadInput("corpus") for none, or for too long a time."""
    found = []
    for place, passage in enumerate(passages):
        day = iso_date(passage.when)
        if day is not None:
            found.append((date.fromisoformat(day).toordinal(), place))
    if not found:
        raise BadInput(
            "corpus",
            f"none of its {len(passages):,} passages has a date, so that no day can pass; choose a "
            "diary, a chat with dates, or notes with a date in their front matter",
        )
    found.sort()
    ordinals = np.array([day for day, _ in found], dtype=np.int64)
    days = int(ordinals[-1] - ordinals[0]) + 1 + days_after
    most = min(MAX_DAYS, MAX_CELLS // len(found))
    if days > most:
        first, last = (date.fromordinal(int(ordinals[i])) for i in (0, -1))
        raise BadInput(
            "corpus",
            f"its {len(found):,} dated passages lie between {first} and {last}; at most {most:,} "
            "days can be played for so many",
        )
    names = sorted({passages[place].scope for _, place in found})
    number = {name: i for i, name in enumerate(names)}
    return Dated(
        first=date.fromordinal(int(ordinals[0])),
        days=days,
        place=np.array([place for _, place in found], dtype=np.int64),
        born=(ordinals - ordinals[0]).astype(np.int64),
        scope=np.array([number[passages[place].scope] for _, place in found], dtype=np.int64),
        scopes=tuple(names),
        undated=len(passages) - len(found),
    )
