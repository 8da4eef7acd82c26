"""SORT: which of two segments came first? A probe of any memory for order.

Book-SORT (arXiv 2410.08133): excerpts of 250 to 20,000 words, two segments of 20 or 50 words that
begin a sentence, at least a segment apart, four bins of distance. Each pair is asked in both
orders, so a memory that answers by place alone scores exactly 50 %.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.core import BadInput
from engine.core.seeds import rng
from engine.labs.memory_graph.living.checks import unit_rows, vectors, whole

MAX_STARTS = 4000
LONG = 10_000  # from here on the first bin ends at a fixed 1,000 words
_SENTENCE_END = re.compile(r"[.!?][\"'”’)]*$")


class OrderMemory(Protocol):
    """Anything that has read a text and can be asked about its order."""

    def first(self, a: str, b: str) -> int:
        """0 if it believes that ``a`` came before ``b``, else 1."""


@dataclass(frozen=True)
class Pair:
    """Two segments of an excerpt: word positions, the earlier first, and the bin of distance."""

    early: int
    late: int
    bin: int
    early_text: str
    late_text: str

    @property
    def distance(self) -> int:
        """Words from one start to the other."""
        return self.late - self.early


def distance_bins(excerpt_words: int) -> tuple[int, int, int, int]:
    """Upper ends of the bins in words: L/4, L/3, L/2, L/1.25; 1,000, L/4, L/2, L/1.25 if long."""
    length = whole(excerpt_words, "excerpt_words", 20)
    second = (1000, length // 4) if length >= LONG else (length // 4, length // 3)
    return (*second, length // 2, int(length / 1.25))


def build_pairs(
    words: Sequence[str],
    segment_words: int = 20,
    per_bin: int = 110,
    seed: int = 0,
    starts: Sequence[int] | None = None,
) -> list[Pair]:
    """``per_bin`` pairs of segments for each bin of distance, drawn by a seed without repeats.

    ``words`` is the excerpt. Segments begin a sentence, or at ``starts`` where given. A bin with
    fewer pairs gives all it has. Raises BadInput where no pair can be had at all.
    """
    whole(segment_words, "segment_words", 1, len(words) // 2)
    whole(per_bin, "per_bin", 1)
    if starts is None:
        starts = [i for i in range(len(words)) if i == 0 or _SENTENCE_END.search(words[i - 1])]
    places = np.unique([s for s in starts if 0 <= s <= len(words) - segment_words]).astype(int)
    if len(places) > MAX_STARTS:  # all their pairs would fill the memory
        chosen = rng(seed, "sort starts", len(words)).permutation(len(places))[:MAX_STARTS]
        places = places[np.sort(chosen)]
    first, second = np.triu_indices(len(places), 1)
    early, late = places[first], places[second]
    distance = late - early
    ends = distance_bins(len(words))
    found: list[Pair] = []
    least = segment_words  # closer segments would overlap
    for number, end in enumerate(ends):
        fits = np.flatnonzero((distance >= least) & (distance <= end))
        stream = rng(seed, "sort", len(words), segment_words, number)
        for i in np.sort(stream.permutation(fits)[:per_bin]):
            a, b = int(early[i]), int(late[i])
            texts = (" ".join(words[place : place + segment_words]) for place in (a, b))
            found.append(Pair(a, b, number, *texts))
        least = max(least, end + 1)
    if not found:
        raise BadInput("words", "no two sentences lie far enough apart for a pair")
    return found


@dataclass(frozen=True)
class BinAccuracy:
    """Share of right answers in one bin of distance, and how often the first-shown was chosen."""

    bin: int
    pairs: int
    accuracy: float
    chose_first: float


def answers(memory: OrderMemory, pairs: Sequence[Pair]) -> np.ndarray:
    """What ``memory`` says to each pair, int8 (pair, 2): 0 for the first shown, 1 for the second.

    Column 0 is asked with the earlier segment first, column 1 with the later one first; right are
    0 and 1.
    """
    said = [
        (memory.first(p.early_text, p.late_text), memory.first(p.late_text, p.early_text))
        for p in pairs
    ]
    return np.array(said, dtype=np.int8).reshape(-1, 2)


def probe(memory: OrderMemory, pairs: Sequence[Pair]) -> list[BinAccuracy]:
    """Ask each pair in both orders; one row a bin, and bin -1 over all."""
    said = answers(memory, pairs)
    right = said == (0, 1)
    numbers = np.array([pair.bin for pair in pairs], dtype=np.int64)
    rows = []
    for number in (-1, *np.unique(numbers).tolist()):
        chosen = (numbers == number) | (number == -1)
        accuracy, first = float(right[chosen].mean()), float((said[chosen] == 0).mean())
        rows.append(BinAccuracy(number, int(chosen.sum()), accuracy, first))
    return rows


class AlwaysFirst:
    """Chance: it says that whatever it is shown first came first."""

    def first(self, a: str, b: str) -> int:
        """Always 0."""
        return 0


@dataclass(frozen=True)
class RetrievalOrder:
    """Order by retrieval: each segment is looked up, and the order of what was found decides.

    ``rows: n d`` are the stored passages and ``order: n`` when each came (position or time);
    ``embed`` turns one text into a vector (d,). A tie says 0: the memory cannot tell.
    """

    rows: np.ndarray
    order: np.ndarray
    embed: Callable[[str], np.ndarray]

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.order):
            raise BadInput("order", f"has {len(self.order)} entries for {len(self.rows)} passages")

    def first(self, a: str, b: str) -> int:
        """Compare the order of the nearest passages."""
        return int(self._when(b) < self._when(a))

    def _when(self, text: str) -> float:
        row = unit_rows(vectors(np.asarray(self.embed(text))[None], "embed"))
        return float(self.order[int((unit_rows(self.rows) @ row[0]).argmax())])
