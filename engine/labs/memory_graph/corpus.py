"""Passages: what a memory is made of, each with the place it came from.

Read are JSON lines of ``{idx, title, text}`` or ``{idx, title, sentences}`` (the reference data)
and of ``{id, when, title, text}`` (a diary),
LoCoMo's turns ``{conv, session, datetime, dia_id, speaker, text}``, and HippoRAG's raw corpus files
(a JSON list of ``{title, text}``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.errors import BadInput
from engine.io.jsonl import read_rows

FIELD = "corpus"
LONGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Passage:
    """A titled text. ``source`` is its provenance, ``when`` its date as written there.

    ``scope`` names the conversation that the passage belongs to; empty: the whole corpus is one.
    """

    title: str
    text: str
    source: str = ""
    when: str = ""
    scope: str = ""

    @property
    def content(self) -> str:
        """Title, newline, text: what words are counted in and what is embedded."""
        return f"{self.title}\n{self.text}" if self.title else self.text


@dataclass(frozen=True, eq=False)
class Corpus:
    """Passages in order; ``places`` maps the ids that questions and triples use to positions."""

    passages: tuple[Passage, ...]
    places: Mapping[Any, int]
    left_out: tuple[str, ...] = field(default=())

    @cached_property
    def by_content(self) -> dict[str, int]:
        """The position of each text; the first of equal ones."""
        found: dict[str, int] = {}
        for i, passage in enumerate(self.passages):
            found.setdefault(passage.content, i)
        return found

    @cached_property
    def by_title(self) -> dict[str, int]:
        """The position of each title; the first of equal ones."""
        found: dict[str, int] = {}
        for i, passage in enumerate(self.passages):
            found.setdefault(passage.title, i)
        return found

    def within(self, scope: str) -> np.ndarray | None:
        """Which passages belong to ``scope`` (passages, bool); None where all may be found."""
        if not scope:
            return None
        return np.array([passage.scope == scope for passage in self.passages])


def load_corpus(source: Path | str | bytes, *, name: str = "", keep_rest: bool = False) -> Corpus:
    """The passages of a file or upload; ``name`` is what provenance calls an upload.

    Raises BadInput("corpus") for a bad line (naming it), repeated ids and what no passage can be;
    with ``keep_rest`` bad lines are left out and told in ``left_out``.
    """
    if not isinstance(source, bytes):
        name = name or Path(source).name
    seen: dict[Any, int] = {}

    def convert(row: dict[str, Any], place: str) -> Passage:
        passage = _turn(row, name) if "dia_id" in row else _document(row, f"{name}, {place}")
        if not passage.content.strip():
            raise BadInput(FIELD, "the passage is empty")
        if len(passage.content) > LONGEST:
            raise BadInput(FIELD, f"a passage has at most {LONGEST:,} characters")
        key = _key(row, len(seen))
        if key in seen:
            raise BadInput(FIELD, f"the id {str(key)[:40]!r} appears twice")
        seen[key] = len(seen)
        return passage

    rows = read_rows(source, convert, field=FIELD, keep_rest=keep_rest)
    return Corpus(rows.items, seen, rows.sentences)


def as_corpus(passages: list[Passage]) -> Corpus:
    """A corpus made in memory; its ids are the positions."""
    return Corpus(tuple(passages), {i: i for i in range(len(passages))})


def text_of(row: dict[str, Any], name: str, where: str, default: str | None = None) -> str:
    """A text of a row; raises BadInput(where) for another type, or where it must be there."""
    value = row.get(name)
    value = default if value is None else value
    if not isinstance(value, str):
        raise BadInput(where, f'a text "{name}" is required')
    return value.replace("\0", "")


def _key(row: dict[str, Any], position: int) -> Any:
    if "dia_id" in row:
        return row.get("conv", ""), row["dia_id"]
    key = row.get("idx", row.get("id", position))
    if isinstance(key, bool) or not isinstance(key, int | str):
        raise BadInput(FIELD, '"idx" or "id" must be a whole number or a text')
    return key


def _document(row: dict[str, Any], source: str) -> Passage:
    title = text_of(row, "title", FIELD, "")
    if "sentences" not in row:
        return Passage(title, text_of(row, "text", FIELD), source, text_of(row, "when", FIELD, ""))
    sentences = row["sentences"]
    if not isinstance(sentences, list) or not all(isinstance(part, str) for part in sentences):
        raise BadInput(FIELD, '"sentences" must be a list of texts')
    return Passage(title, " ".join(part.strip() for part in sentences), source)


def _turn(row: dict[str, Any], source: str) -> Passage:
    """A turn of a conversation: the speaker is its title, a shared picture part of its text."""
    where = f"{source}, {text_of(row, 'conv', FIELD, '')} {text_of(row, 'dia_id', FIELD)}"
    parts = [text_of(row, "text", FIELD, ""), text_of(row, "image_caption", FIELD, "")]
    return Passage(
        text_of(row, "speaker", FIELD, ""),
        " ".join(part for part in parts if part),
        where,
        text_of(row, "datetime", FIELD, ""),
        text_of(row, "conv", FIELD, ""),
    )
