"""Thoughts of a memory: who, what relation, whom or what, as Think-in-Memory keeps them.

Where triples came with the memory they are the thoughts. Otherwise a rule reads them, since the
paper's extractor is a language model: two neighbouring names of a sentence are head and tail, and
the words between them are the relation; a passage's title mentions each of its names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.extract import MENTIONS, spans
from engine.labs.memory_graph.living.words import sentences
from engine.labs.memory_graph.openie import Triples

# More words between two names are no relation, only a long sentence.
MOST_WORDS = 12
JOINED = "and"


class Stated(NamedTuple):
    """A thought as it is stated in a passage; ``passage`` is its position."""

    head: str
    relation: str
    tail: str
    passage: int

    @property
    def text(self) -> str:
        """Head, relation and tail as one line."""
        return f"{self.head} {self.relation} {self.tail}"


def read_thoughts(text: str) -> list[tuple[str, str, str]]:
    """(head, relation, tail) of the neighbouring names of each sentence.

    >>> read_thoughts("Nuala Garrity sold the bog to Fintan Garrity in 1999.")
    [('Nuala Garrity', 'sold the bog to', 'Fintan Garrity'), ('Fintan Garrity', 'in', '1999')]
    """
    found = []
    for sentence in sentences(text):
        for one in spans(sentence):
            found += [
                (head, relation, tail)
                for (head, end, _), (tail, _, start) in pairwise(_placed(sentence, one))
                if head != tail and (relation := _relation(sentence[end:start])) is not None
            ]
    return found


def stated_thoughts(passages: Sequence[Passage], triples: Triples | None = None) -> list[Stated]:
    """The thoughts of every passage in their order: its triples, else what the rules read."""
    if triples is not None:
        return [Stated(*row, at) for at, rows in enumerate(triples) for row in rows if row[0]]
    found = []
    for at, passage in enumerate(passages):
        names = dict.fromkeys(name for one in spans(passage.text) for name in one)
        if passage.title:
            found += [Stated(passage.title, MENTIONS, name, at) for name in names]
        found += [Stated(*row, at) for row in read_thoughts(passage.text)]
    return found


def _placed(sentence: str, names: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Each name with the place behind its end and the place of its start."""
    at = 0
    for name in names:
        start = sentence.find(name, at)
        if start >= 0:
            at = start + len(name)
            yield name, at, start


def _relation(between: str) -> str | None:
    """The words between two names; names that only stand in a list are joined by "and"."""
    words = between.replace(",", " ").replace("'s", " ").replace("’s", " ").split()
    if len(words) > MOST_WORDS:
        return None
    return " ".join(words).strip(" .;:-()\"'") or JOINED
