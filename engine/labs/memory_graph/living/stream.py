"""The passages of a memory as one stream, and the borders in it that are known beforehand."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.core import BadInput
from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.ingest.dates import iso_date

_PARAGRAPH = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Piece:
    """A passage as it stands in the stream; ``opens`` where a known border lies before it."""

    text: str
    title: str
    when: str
    opens: bool


@dataclass(frozen=True)
class Stream:
    """Pieces in the order in which they are read.

    ``borders`` says what the known borders are, ``order`` what the order is, in words.
    """

    pieces: tuple[Piece, ...]
    borders: str
    order: str

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(piece.text for piece in self.pieces)


def build_stream(passages: Sequence[Passage], *, titles: bool = False) -> Stream:
    """By date where every passage has one (each conversation for itself), else as given.

    Passages that share their date with the one before, as the turns of a session do, are one
    segment; where no two neighbours share one, each passage is. Without ``titles`` the texts run
    on behind a space, so that nothing marks a border. Raises BadInput("corpus") without a word.
    """
    told = [p for p in passages if p.text.strip()]
    if not told:
        raise BadInput("corpus", "has no text that could be read as a stream")
    days = [iso_date(p.when) for p in told]
    if all(days):
        scopes: dict[str, int] = {}
        rank = [
            (scopes.setdefault(p.scope, len(scopes)), day)
            for p, day in zip(told, days, strict=True)
        ]
        order = "by date"
        told = [told[i] for i in sorted(range(len(told)), key=lambda i: rank[i])]
    else:
        order = "as given"
    marks = [(p.scope, p.when) for p in told]
    shared = any(a == b and a[1] for a, b in pairwise(marks)) and len(set(marks)) > 1
    opens = [True, *(a != b or not shared for a, b in pairwise(marks))]
    pieces = [
        Piece(_written(p, titles), p.title, p.when, new) for p, new in zip(told, opens, strict=True)
    ]
    return Stream(tuple(pieces), "changes of date" if shared else "beginnings of passages", order)


def own_stream(text: str) -> Stream:
    """A text of the visitor's own; its paragraphs are the known segments."""
    parts = [part.strip() for part in _PARAGRAPH.split(text) if part.strip()]
    if not parts:
        raise BadInput("own", "holds no word")
    pieces = [Piece(f"{part} ", f"Paragraph {i}", "", True) for i, part in enumerate(parts, 1)]
    return Stream(tuple(pieces), "blank lines", "as written")


def stream_of(own: str, passages: Callable[[], Sequence[Passage]], *, titles: bool) -> Stream:
    """The visitor's own text where there is one, else the memory."""
    return own_stream(own) if own.strip() else build_stream(passages(), titles=titles)


def _written(passage: Passage, titles: bool) -> str:
    if titles and passage.title:
        return f"{passage.title}\n{passage.text.strip()}\n\n"
    return f"{passage.text.strip()} "
