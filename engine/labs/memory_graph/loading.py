"""The files that a config names, read: a corpus, its questions, triples and vectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from engine.core.errors import BadInput
from engine.labs.memory_graph.build import Materials
from engine.labs.memory_graph.config import Files
from engine.labs.memory_graph.corpus import Corpus, load_corpus
from engine.labs.memory_graph.openie import load_triples
from engine.labs.memory_graph.questions import Question, load_questions
from engine.labs.memory_graph.vectors import load_vectors

Read = Callable[[str, str], Path | bytes]


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
    corpus = load_corpus(read(config.corpus, "corpus"), keep_rest=keep)
    rows = load_questions(read(config.questions, "questions"), corpus, keep_rest=keep)
    notes: dict[str, Any] = {"left_out": [*corpus.left_out, *rows.sentences]}
    triples, vectors = None, None
    if config.triples:
        cached = load_triples(read(config.triples, "triples"), corpus, keep_rest=keep)
        triples = cached.triples
        notes["malformed_triples"] = cached.malformed
    if config.vectors:
        if keep and notes["left_out"]:
            raise BadInput("vectors", "rows cannot be matched where lines were left out")
        vectors = load_vectors(read(config.vectors, "vectors"), len(corpus.passages), rows.items)
    return Loaded(corpus, rows.items, Materials(corpus, triples, vectors), notes)
