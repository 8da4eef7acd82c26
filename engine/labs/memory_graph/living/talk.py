"""One conversation as every memory reads it: the same texts, days and vectors for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.ingest.dates import iso_date
from engine.labs.memory_graph.living.events import blocks, boundaries, threshold
from engine.labs.memory_graph.living.surprise import ngram_surprise, per_text
from engine.labs.memory_graph.living.words import TfIdf, words

# EM-LLM looks back 4,096 tokens and takes statistics every 512: so many turns of a dialogue.
WINDOW, CHUNK = 64, 16
UNDATED = "197001010000"


@dataclass(frozen=True, eq=False)
class Talk:
    """The notes of one conversation in their order; ``places`` (notes,) are their positions in the
    corpus."""

    passages: tuple[Passage, ...]
    places: np.ndarray

    @staticmethod
    def of(texts: Sequence[str]) -> Talk:
        """Texts alone."""
        return Talk(tuple(Passage("", text) for text in texts), np.arange(len(texts)))

    @cached_property
    def texts(self) -> list[str]:
        """What everybody reads."""
        return [passage.content for passage in self.passages]

    @cached_property
    def days(self) -> list[date] | None:
        """The day of each note; None where one has none."""
        found = [iso_date(passage.when) for passage in self.passages]
        dated = [date.fromisoformat(day) for day in found if day is not None]
        return dated if len(dated) == len(found) else None

    @property
    def minutes(self) -> list[str]:
        """The day of each note as YYYYMMDDHHMM."""
        if self.days is None:
            return [UNDATED] * len(self.passages)
        return [f"{day:%Y%m%d}0000" for day in self.days]

    @cached_property
    def tfidf(self) -> TfIdf:
        """The weights of this conversation's words."""
        return TfIdf(self.texts)

    @cached_property
    def rows(self) -> np.ndarray:
        """The vectors of the texts, float32 (notes, terms)."""
        return self.tfidf.vectors(self.texts)

    def row(self, question: str) -> np.ndarray:
        """The vector of a question (terms,)."""
        return self.tfidf.vectors([question])[0]

    def events(self, longest: int) -> list[tuple[int, int]]:
        """Events of 1 to ``longest`` notes: a note opens one where its words surprise, in sum, by
        more than mean and standard deviation of those before it."""
        surprise = per_text(ngram_surprise([words(text) for text in self.texts]), "sum")
        level = threshold(surprise, window=WINDOW, chunk=CHUNK, statistics="paper")
        opening = boundaries(surprise, level, min_event=1, max_event=longest)
        return blocks(opening, len(self.passages))


def talks(passages: Sequence[Passage]) -> dict[str, Talk]:
    """The conversations of a corpus by name; passages without one are a conversation together."""
    members: dict[str, list[int]] = {}
    for i, passage in enumerate(passages):
        members.setdefault(passage.scope, []).append(i)
    return {
        scope: Talk(tuple(passages[i] for i in own), np.array(own))
        for scope, own in members.items()
    }
