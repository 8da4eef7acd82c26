"""Cached triples: what a language model once read out of each passage.

Read are JSON lines of ``{idx, entities, triples}`` (the reference data) and HippoRAG's raw OpenIE
files ``{"docs": [{idx, passage, extracted_entities, extracted_triples}]}``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from engine.core.errors import BadInput
from engine.io.jsonl import read_rows
from engine.labs.memory_graph.corpus import Corpus

FIELD = "triples"
LONGEST = 2_000


class Triple(NamedTuple):
    """A fact as extracted: subject, relation and object as written."""

    subject: str
    relation: str
    object: str


Triples = Sequence[Sequence[Triple]]


@dataclass(frozen=True)
class CachedTriples:
    """The triples of each passage in corpus order, and how many were no triple at all."""

    triples: tuple[tuple[Triple, ...], ...]
    malformed: int


def load_triples(
    source: Path | str | bytes, corpus: Corpus, *, keep_rest: bool = False
) -> CachedTriples:
    """The triples of a file or upload, by position in ``corpus``.

    A triple that has not three texts is skipped and counted, as HippoRAG does; numbers count as
    texts. Raises BadInput("triples") for a bad line (naming it) and for a passage that the corpus
    lacks or that has two lines.
    """
    found: list[tuple[Triple, ...]] = [() for _ in corpus.passages]
    seen: set[int] = set()
    malformed = 0

    def convert(row: dict[str, Any], place: str) -> None:
        nonlocal malformed
        position = _position(row, corpus)
        if position in seen:
            raise BadInput(FIELD, "the passage has two entries")
        rows = row.get("triples", row.get("extracted_triples"))
        if not isinstance(rows, list):
            raise BadInput(FIELD, 'a list "triples" (or "extracted_triples") is required')
        triples = [triple for triple in map(_triple, rows) if triple]
        malformed += len(rows) - len(triples)
        seen.add(position)
        found[position] = tuple(triples)

    read_rows(source, convert, field=FIELD, inside="docs", keep_rest=keep_rest)
    return CachedTriples(tuple(found), malformed)


def _position(row: dict[str, Any], corpus: Corpus) -> int:
    key = row.get("idx")
    if isinstance(key, int | str) and key in corpus.places:
        return corpus.places[key]
    # HippoRAG 2 numbers its documents by a hash of their text.
    passage = row.get("passage")
    if isinstance(passage, str) and passage in corpus.by_content:
        return corpus.by_content[passage]
    raise BadInput(FIELD, f"the corpus has no passage {str(key)[:40]!r}")


def _triple(row: Any) -> Triple | None:
    if not isinstance(row, list) or len(row) != 3:
        return None
    if not all(isinstance(part, str | int | float) for part in row):
        return None
    subject, relation, target = (str(part)[:LONGEST] for part in row)
    return Triple(subject, relation, target)
