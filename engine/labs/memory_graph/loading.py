"""The files that a config names, read: a memory's passages, questions, triples and vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from engine.core.errors import BadInput
from engine.io.archive import is_zip
from engine.io.jsonl import BYTE_ORDER_MARK
from engine.io.text import read_unpacked
from engine.labs.memory_graph.build import Materials
from engine.labs.memory_graph.config import Described, Files, Memories
from engine.labs.memory_graph.corpus import Corpus, Passage, as_corpus, load_corpus
from engine.labs.memory_graph.extract import extract
from engine.labs.memory_graph.ingest.chat import LIMIT_BYTES, LISTS, SPEAKERS
from engine.labs.memory_graph.ingest.document import Documents
from engine.labs.memory_graph.ingest.read import read_documents
from engine.labs.memory_graph.memory import Memory, entry
from engine.labs.memory_graph.memory_port import is_memory
from engine.labs.memory_graph.memory_write import Entry
from engine.labs.memory_graph.openie import Triple, Triples, load_triples
from engine.labs.memory_graph.questions import Question, load_questions
from engine.labs.memory_graph.sources import SAMPLES, made_here, sample_path, sample_questions
from engine.labs.memory_graph.vectors import load_vectors

NAMED = {"idx", "id", "title"}
OF_A_CHAT = {*SPEAKERS, *LISTS, "content", "memory", "passage"}
Read = Callable[[str, str], Path | bytes]


class Passages(NamedTuple):
    """The passages of a memory; ``triples`` where some came with them, or links between them.

    ``notes`` say what was left out and what looks odd.
    """

    corpus: Corpus
    triples: Triples | None
    notes: dict[str, Any]


class Loaded(NamedTuple):
    """What a run works on; ``notes`` say what was left out of the files."""

    corpus: Corpus
    questions: tuple[Question, ...]
    materials: Materials
    notes: dict[str, Any]


def load(config: Files, read: Read) -> Loaded:
    """Read the files of ``config``; ``read(value, field)`` gives the file or bytes behind a value.

    Raises BadInput with the field whose file cannot be used.
    """
    keep = config.keep_rest
    corpus, triples, notes = load_passages(config, read)
    questions, left_out = _questions(config, corpus, read)
    notes["left_out"] = [*notes["left_out"], *left_out]
    triples = _given(config, corpus, read, notes) or triples
    vectors = None
    if config.vectors:
        if keep and notes["left_out"]:
            raise BadInput("vectors", "rows cannot be matched where lines were left out")
        vectors = load_vectors(read(config.vectors, "vectors"), len(corpus.passages), questions)
    return Loaded(corpus, questions, Materials(corpus, triples, vectors), notes)


def load_passages(config: Memories, read: Read) -> Passages:
    """The memory alone; raises BadInput("corpus")."""
    source = _source(config, read)
    if isinstance(source, bytes) and is_memory(source):
        with _opened(source) as memory:
            return _of_entries(memory.entries())
    if isinstance(source, bytes) and not _is_corpus(source):
        try:
            documents = read_documents(source, keep_rest=config.keep_rest)
        except BadInput as error:
            raise BadInput("corpus", error.reason) from None
        return _of_documents(documents)
    corpus = load_corpus(source, keep_rest=config.keep_rest)
    return Passages(corpus, None, {"left_out": list(corpus.left_out)})


def load_memory(config: Memories, read: Read) -> tuple[Memory, dict[str, Any]]:
    """A memory in this process, and what was left out of the documents it was made of.

    One that was kept or exported keeps its history. Raises BadInput("corpus").
    """
    source = _source(config, read)
    if isinstance(source, bytes) and is_memory(source):
        told = []
        if isinstance(config, Described) and config.triples:
            told = ["the triples are left out: a kept memory has its own facts"]
        return _opened(source), {"left_out": told}
    corpus, triples, notes = load_passages(config, read)
    if isinstance(config, Described):
        triples = _given(config, corpus, read, notes) or triples
    memory = Memory.open()
    try:
        memory.add_all(
            entry(p.text, p.when, p.title, p.source, _came(p, triples[i] if triples else None))
            for i, p in enumerate(corpus.passages)
        )
    except BadInput as error:
        memory.close()
        raise BadInput("corpus", f"a note cannot be kept: {error.field} {error.reason}") from None
    return memory, {**notes, "passages": len(corpus.passages), "ids": _plain_ids(corpus)}


def _plain_ids(corpus: Corpus) -> list[int | str] | None:
    """What triples call the passages, in order; None where that takes more than one word."""
    keys = list(corpus.places)
    return keys if all(isinstance(key, int | str) for key in keys) else None


def _given(config: Described, corpus: Corpus, read: Read, notes: dict[str, Any]) -> Triples | None:
    """The triples that a file of its own brings, or None."""
    if not config.triples:
        return None
    source = read(config.triples, "triples")
    cached = load_triples(source, corpus, keep_rest=config.keep_rest)
    notes["malformed_triples"] = cached.malformed
    return cached.triples


def _came(passage: Passage, triples: Sequence[Triple] | None) -> Sequence[Triple] | None:
    """The facts that came with a passage; None where they are those of its own text."""
    return None if triples is None or list(triples) == extract(passage) else triples


def _source(config: Memories, read: Read) -> Path | bytes:
    value = config.corpus
    if value in SAMPLES:
        return made_here(value) or sample_path(value)
    return read(value, "corpus")


def _opened(data: bytes) -> Memory:
    try:
        return Memory.read(data)
    except BadInput as error:
        raise BadInput("corpus", error.reason) from None


def _of_entries(entries: list[Entry]) -> Passages:
    """The notes of a memory that were not forgotten, with the facts that came with them."""
    there = [one for one in entries if one.gone is None]
    if not there:
        raise BadInput("corpus", "every note of this memory was forgotten")
    passages = [one.passage for one in there]
    triples = None
    if any(one.triples is not None for one in there):
        triples = [tuple(one.facts.elements()) for one in there]
    gone = len(entries) - len(there)
    told = [f"{gone} notes were forgotten and are left out"] if gone else []
    return Passages(as_corpus(passages), triples, {"left_out": told})


def _of_documents(documents: Documents) -> Passages:
    told = [f"{skipped.source}: {skipped.reason}" for skipped in documents.skipped]
    if documents.duplicates:
        told.append(f"{documents.duplicates} texts were there already")
    notes = {"left_out": told, "notices": list(documents.notices)}
    came = [document.facts for document in documents]
    if not any(came):
        return Passages(documents.corpus, None, notes)
    passages = documents.corpus.passages
    triples = [(*extract(p), *facts) for p, facts in zip(passages, came, strict=True)]
    return Passages(documents.corpus, triples, notes)


def _is_corpus(data: bytes) -> bool:
    """Whether ``data`` are rows of ``load_corpus`` (titles or ids that questions can name)."""
    if is_zip(data):
        return False
    text = read_unpacked(data, limit=LIMIT_BYTES, field="corpus").removeprefix(BYTE_ORDER_MARK)
    start = text.lstrip()[:1]
    try:
        if start == b"[":
            rows = orjson.loads(text)
            row = rows[0] if rows else None
        else:
            row = orjson.loads(text.lstrip().partition(b"\n")[0])
    except orjson.JSONDecodeError:
        return False
    if not isinstance(row, dict):
        return False
    return "dia_id" in row or bool(row.keys() & NAMED and not row.keys() & OF_A_CHAT)


def _questions(
    config: Files, corpus: Corpus, read: Read
) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    value = config.questions
    source: Path | bytes | None = None
    if value:
        source = sample_questions(value) if value in SAMPLES else read(value, "questions")
    elif config.corpus in SAMPLES:
        source = sample_questions(config.corpus)
    if source is None:
        return (), ()
    rows = load_questions(source, corpus, keep_rest=config.keep_rest)
    return rows.items, rows.sentences
