"""The ``embed`` command: sentence vectors of a corpus, computed once and kept in a file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.arguments import Arguments
from engine.core.errors import BadInput
from engine.io.paths import local_path
from engine.labs.memory_graph.corpus import load_corpus
from engine.labs.memory_graph.openie import load_triples
from engine.labs.memory_graph.questions import load_questions
from engine.labs.memory_graph.vectors import fact_names, node_names


def embed(argv: Sequence[str]) -> dict[str, Any]:
    """Write the .npz that ``evaluate --vectors`` reads; returns what it holds.

    Raises BadInput for every bad option, file and model folder.
    """
    given = _parser().parse_args(list(argv))
    out = local_path(given.out, field="out")
    if out.suffix != ".npz" or not out.parent.is_dir():
        raise BadInput("out", "a file name ending in .npz, in a folder that exists, is required")
    corpus = load_corpus(given.corpus)
    questions = load_questions(given.questions, corpus).items
    texts = {
        "passages": [passage.content for passage in corpus.passages],
        "questions": [question.text for question in questions],
    }
    if given.triples:
        triples = load_triples(given.triples, corpus).triples
        texts["entities"] = node_names(triples)
        # HippoRAG 2 embeds the text of the tuple.
        texts["facts"] = [str(tuple(fact)) for fact in fact_names(triples)]

    from engine.labs.memory_graph.encoder import load_encoder

    encoder = load_encoder(given.encoder)
    start = time.process_time()
    arrays = {name: encoder.encode(rows).astype(np.float16) for name, rows in texts.items()}
    try:
        with out.open("wb") as file:
            np.savez(file, **arrays)
    except OSError as error:
        raise BadInput("out", f"{out.name!r} cannot be written ({error.strerror})") from None
    return {
        "out": str(out),
        "encoder": Path(given.encoder).resolve().name,
        "width": int(arrays["passages"].shape[1]),
        **{name: len(rows) for name, rows in texts.items()},
        "seconds": time.process_time() - start,
    }


def _parser() -> Arguments:
    parser = Arguments(
        "python -m engine memory_graph embed",
        "Sentence vectors of a corpus and its questions, for evaluate --vectors.",
    )
    parser.add_argument("--encoder", required=True, help="folder of a sentence-embedding model")
    parser.add_argument("--corpus", required=True, help="JSON lines of title and text")
    parser.add_argument("--questions", required=True, help="JSON lines of question and gold")
    parser.add_argument("--triples", help="also of the names and facts of these triples")
    parser.add_argument("--out", required=True, help="the .npz to write")
    return parser
