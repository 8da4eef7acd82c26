"""MemoryBank as a memory to ask: dated pieces that fade, and that a retrieval strengthens.

arXiv 2305.10250. Retrieval is by cosine, top 6; neighbours in the store that come from the same
source are read along until the chunk is full, as in the authors' search. The retrieved pieces
are recalled: S += 1, t = 0.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.core import BadInput
from engine.labs.memory_graph.living.checks import top, unit_rows, vectors, whole
from engine.labs.memory_graph.living.forgetting import (
    MAX_DAYS,
    Fading,
    Formula,
    Mode,
    Piece,
    Threshold,
)

TOP_K = 6
CHUNK_CHARACTERS = 200


@dataclass(frozen=True)
class Chunk:
    """A text with its day and where it came from; chunks of one ``source`` may be read together."""

    id: str
    text: str
    day: date
    source: str
    group: str = ""


@dataclass(frozen=True)
class Passage:
    """What a retrieval reads: neighbouring chunks, and the score of the best of them."""

    ids: tuple[str, ...]
    text: str
    score: float


class MemoryBank:
    """Chunks with ``vectors: n d``, in the order in which they were said.

    Raises BadInput where the numbers of chunks and vectors differ.
    """

    def __init__(
        self,
        chunks: Sequence[Chunk],
        rows: np.ndarray,
        *,
        formula: Formula = "paper",
        mode: Mode | None = None,
        k: int = TOP_K,
        chunk_characters: int = CHUNK_CHARACTERS,
    ):
        self.chunks = tuple(chunks)
        self._matrix = unit_rows(vectors(rows))
        if len(self._matrix) != len(self.chunks):
            raise BadInput("vectors", f"{len(self._matrix)} rows for {len(self.chunks)} chunks")
        self.k = whole(k, "k", 1)
        self.chunk_characters = whole(chunk_characters, "chunk_characters", 1)
        pieces = [Piece(chunk.id, chunk.day, chunk.group) for chunk in self.chunks]
        self.fading = Fading(pieces, formula, mode)

    def load(self, day: date) -> list[str]:
        """Forget what is due on ``day``; returns the ids that went."""
        return self.fading.load(day)

    def rank(self, question: np.ndarray, day: date) -> list[tuple[str, float]]:
        """Every piece that is there on ``day`` with its cosine to ``question: d``, best first."""
        places, scores = self._scores(question, day)
        return [(self.chunks[places[i]].id, float(scores[i])) for i in top(scores, len(scores))]

    def ask(self, question: np.ndarray, day: date, *, remember: bool = True) -> list[Passage]:
        """The passages around the top ``k`` pieces; with ``remember`` those pieces are recalled."""
        places, scores = self._scores(question, day)
        best = top(scores, self.k)
        hits = {int(places[i]): float(scores[i]) for i in best}
        passages = []
        for run in self._together(list(hits), places):
            text = "\n".join(self.chunks[i].text for i in run)
            score = max(hits.get(i, -1.0) for i in run)
            passages.append(Passage(tuple(self.chunks[i].id for i in run), text, score))
        if remember:
            self.fading.recall((self.chunks[i].id for i in hits), day)
        return sorted(passages, key=lambda passage: -passage.score)

    def live_through(self) -> None:
        """Live through the days of the pieces, each new piece asking for what it resembles.

        A day begins with a load. Then each piece of that day recalls the top ``k`` pieces of
        earlier days that are still there, by a cosine above 0; pieces of one day do not recall each
        other. With a threshold, days without a new piece change nothing but the day that a piece is
        noted as gone, and are passed over.
        """
        fading = self.fading
        born = fading.born
        days = np.unique(born)
        if not isinstance(fading.mode, Threshold):
            days = np.arange(days[0], days[-1] + 1)
        for now in days.tolist():
            today = date.fromordinal(now)
            self.load(today)
            new, there = born == now, np.flatnonzero(fading.alive & (born < now))
            recalled: list[int] = []
            for scores in self._matrix[new] @ self._matrix[there].T:
                recalled += [int(there[i]) for i in top(scores, self.k) if scores[i] > 0]
            fading.recall((self.chunks[i].id for i in recalled), today)

    def _scores(self, question: np.ndarray, day: date) -> tuple[np.ndarray, np.ndarray]:
        """Places of the living pieces, and their cosines."""
        row = vectors(np.asarray(question)[None], "question", width=self._matrix.shape[1])
        there = self.fading.alive & (self.fading.born <= day.toordinal())
        places = np.flatnonzero(there)
        return places, self._matrix[places] @ unit_rows(row)[0]

    def _together(self, hits: list[int], places: np.ndarray) -> list[list[int]]:
        """Runs of places: each hit with its neighbours of the same source while they fit."""
        order = {int(place): rank for rank, place in enumerate(places)}
        chosen = set(hits)
        for hit in hits:
            size = len(self.chunks[hit].text)
            for step in (1, -1):
                rank = order[hit] + step
                while 0 <= rank < len(places):
                    place = int(places[rank])
                    near = self.chunks[place]
                    full = size + len(near.text) > self.chunk_characters
                    if near.source != self.chunks[hit].source or full:
                        break
                    size += len(near.text)
                    chosen.add(place)
                    rank += step
        runs: list[list[int]] = []
        for place in sorted(chosen, key=lambda place: order[place]):
            last = runs[-1][-1] if runs else None
            joined = (
                last is not None
                and order[place] == order[last] + 1
                and self.chunks[place].source == self.chunks[last].source
            )
            if joined:
                runs[-1].append(place)
            else:
                runs.append([place])
        return runs


def reachable(
    bank: MemoryBank, questions: np.ndarray, wanted: Sequence[Collection[str]], until: date
) -> tuple[list[date], np.ndarray]:
    """Days from the bank's last load to ``until``, and bool (question, day): is one of the pieces
    ``wanted`` for a question among the top k on that day? Loads the bank day by day; asking this
    way recalls nothing. Raises BadInput.
    """
    rows = vectors(questions, "questions")
    if len(rows) != len(wanted):
        raise BadInput("wanted", f"has {len(wanted)} entries for {len(rows)} questions")
    first = bank.fading.day
    days = [date.fromordinal(n) for n in range(first, until.toordinal() + 1)]
    if not 0 < len(days) <= MAX_DAYS:
        raise BadInput("until", f"{until} lies {len(days)} days from the last load")
    found = np.zeros((len(rows), len(days)), dtype=bool)
    for column, day in enumerate(days):
        bank.load(day)
        for row, (question, names) in enumerate(zip(rows, wanted, strict=True)):
            best = {name for name, _ in bank.rank(question, day)[: bank.k]}
            found[row, column] = bool(best & set(names))
    return days, found
