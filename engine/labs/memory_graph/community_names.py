"""What to call a community: the names that say most about it."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.communities import Communities
from engine.labs.memory_graph.graph import MemoryGraph
from engine.labs.memory_graph.phrases import normalise

NAMES = 3
# A second name that says far less than the first stands in other communities as much.
LEAST_OF_FIRST = 0.2
# A title that no more notes hold than its own and one that points there names a note, no subject.
NOTES_OF_A_TITLE = 2
MANY_WORDS = 4  # how much more a name of several words says than one of a single word
_DATES = {name.lower() for name in (*calendar.month_name, *calendar.day_name) if name}
_WORD = re.compile(r"[^\W\d_]+")
_FILE = re.compile(r"([^/\\]+?)(?:\.\w{1,8})?(?:, .*)?$")


def names_of(
    communities: Communities,
    graph: MemoryGraph,
    passages: np.ndarray,
    titles: Iterable[str] = (),
    texts: Iterable[str] = (),
) -> list[str]:
    """Up to three names for each community: in several of its notes, and rarely elsewhere.

    ``passages`` are the positions in ``graph`` of the passages on the map, whose nodes come after
    the phrases. ``titles`` and names of files that stand nowhere else name a community only where
    nothing else does; so do single words that ``texts`` write small as well, months, days and
    numbers.
    """
    phrases = len(communities.member) - len(passages)
    stands = graph.d2e[passages].tocsr()
    stands.data[:] = 1.0
    rank = _ranks(graph, {normalise(own) for title in titles for own in _titled(title)}, texts)
    of_passage = communities.member[phrases:]
    return [
        "without a group"
        if group == communities.rest
        else ", ".join(_names(stands, of_passage == group, graph, rank, len(passages)))
        for group in range(communities.count)
    ]


def _titled(title: str) -> tuple[str, str]:
    """A title, and the same without folder and ending where it is the name of a file."""
    file = _FILE.search(title)
    return title, file[1] if file else title


def _ranks(graph: MemoryGraph, titles: set[str], texts: Iterable[str]) -> np.ndarray:
    """2: a name of two words or more, 1: of one, 0: what hardly names a subject (phrases,)."""
    small = set(_DATES)
    for text in texts:
        small.update(word for word in _WORD.findall(text) if word.islower())
    few = graph.ndoc <= NOTES_OF_A_TITLE
    rank = np.ones(len(graph.phrases), np.int64)
    for i, phrase in enumerate(graph.phrases):
        many = " " in phrase
        no_name = not any(letter.isalpha() for letter in phrase) or (not many and phrase in small)
        rank[i] = 0 if no_name or (few[i] and phrase in titles) else 1 + many
    return rank


def _names(
    stands: sparse.csr_array, inside: np.ndarray, graph: MemoryGraph, rank: np.ndarray, total: int
) -> Sequence[str]:
    here = np.asarray(stands[np.flatnonzero(inside)].sum(axis=0)).ravel()
    everywhere = np.maximum(graph.ndoc, 1.0)
    share = here / everywhere
    worth = here * share**2 * np.log1p(total / everywhere) * np.where(rank > 1, MANY_WORDS, 1)
    # What stands in one note alone joins none, and says less of a group than what joins its notes.
    tier = np.where(rank == 0, 0, 1 + (here > 1))
    order = [i for i in np.lexsort((-worth, -tier)).tolist() if worth[i] > 0]
    if not order:
        return ["unnamed"]
    first = order[0]
    near = [
        i for i in order if tier[i] == tier[first] and worth[i] >= LEAST_OF_FIRST * worth[first]
    ]
    near.sort(key=lambda i: -rank[i])
    return _different(graph.phrases[i] for i in near)


def _different(phrases: Iterable[str]) -> list[str]:
    """The first few of which none is a part of another."""
    chosen: list[str] = []
    for phrase in phrases:
        own = set(phrase.split())
        if not any(own <= set(one.split()) or own >= set(one.split()) for one in chosen):
            chosen.append(phrase)
        if len(chosen) == NAMES:
            break
    return chosen
