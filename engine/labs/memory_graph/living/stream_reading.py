"""A stream read once: surprise of each token, and the vectors by which tokens are compared.

With the language model one pass gives both: the surprise of ``surprise.model_surprise`` and the
keys of ``surprise.model_keys``, and the mean query of each block of tokens. Without it, words are
read by the adaptive n-gram and compared by the words of their sentences, and torch is not loaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from engine.core import BadInput
from engine.labs.memory_graph.living.checks import unit_rows
from engine.labs.memory_graph.living.surprise import Progress, adaptive_ngram
from engine.labs.memory_graph.living.words import TfIdf

BLOCK = 64  # tokens whose mean query asks for events
TOPICS = 64  # dimensions of the sentence vectors
WORDS_OF_SENTENCES = 8000
LONGEST_QUESTION = 500
_TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_SENTENCE_END = re.compile(r"[.!?][\"'”’)]*(?=\s)|\n")


@dataclass(frozen=True, eq=False)
class Reading:
    """``spans`` int (token, 2) characters of the text, ``nats`` float64 (token,), ``rows`` float16
    (row, width) and ``row_of`` int (token,) which of them is a token's, ``queries`` float16
    (block, width), ``question`` float16 (width,) or None; ``source`` says who was surprised."""

    spans: np.ndarray
    nats: np.ndarray
    rows: np.ndarray
    row_of: np.ndarray
    queries: np.ndarray
    question: np.ndarray | None
    source: str


def word_spans(text: str, most: int) -> np.ndarray:
    """Characters of the first ``most`` words and marks, int (token, 2)."""
    found: list[tuple[int, int]] = []
    for match in _TOKEN.finditer(text):
        if len(found) == most:
            break
        found.append(match.span())
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def read_by_words(text: str, most: int, order: int, question: str) -> Reading:
    """No language model at all: the n-gram over lower-case words, and sentences compared."""
    spans = word_spans(text, most)
    if not len(spans):
        raise BadInput("corpus", "has no word that could be read")
    nats = adaptive_ngram([text[a:b].lower() for a, b in spans.tolist()], order)
    rows, row_of, asked = sentence_rows(text, spans, question)
    return Reading(spans, nats, rows, row_of, block_means(rows, row_of), asked, _ngram(order))


def read_by_model(
    text: str,
    most: int,
    *,
    order: int | None = None,
    keys: bool = True,
    question: str = "",
    progress: Progress | None = None,
) -> Reading:
    """Tokens of the embedded model; ``order`` lets an n-gram be surprised instead of it.

    Without ``keys`` the rows are those of the sentences.
    """
    from engine.labs.memory_graph.living.model_pass import MODEL, model_pass, model_spans

    spans, ids = model_spans(text, most)
    if not len(ids):
        raise BadInput("corpus", "has no token that could be read")
    read = model_pass(ids, progress)
    nats, rows, row_of = read.nats, read.keys, np.arange(len(ids))
    asked = None
    if not keys:
        rows, row_of, asked = sentence_rows(text, spans, question)
        queries = block_means(rows, row_of)
    else:
        queries = block_means(read.queries, row_of)
        if question.strip():
            words = model_pass(model_spans(question, LONGEST_QUESTION)[1], None)
            asked = words.queries.mean(0).astype(np.float16)
    source = f"{MODEL}, the embedded language model"
    if order is not None:
        nats, source = adaptive_ngram(ids.tolist(), order), _ngram(order)
    return Reading(spans, nats, rows, row_of, queries, asked, source)


def sentence_rows(
    text: str, spans: np.ndarray, question: str = ""
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Unit vectors of the sentences, which of them each token lies in, and the question's.

    TF-IDF, brought to at most 64 dimensions by its singular vectors (Deerwester et al. 1990).
    """
    last = int(spans[-1, 1])
    ends = [m.end() for m in _SENTENCE_END.finditer(text, 0, last)]
    number = np.searchsorted(np.array(ends, dtype=np.int64), spans[:, 0], side="right")
    kept, row_of = np.unique(number, return_inverse=True)
    edges = [0, *ends, last]
    texts = [text[edges[i] : edges[i + 1]] for i in kept.tolist()]
    index = TfIdf(texts, WORDS_OF_SENTENCES)
    weights = index.vectors(texts)
    basis = _principal(weights)
    rows = unit_rows(weights @ basis).astype(np.float16)
    asked = None
    if question.strip():
        asked = unit_rows(index.vectors([question]) @ basis)[0].astype(np.float16)
    return rows, row_of.astype(np.int64), asked


def block_means(rows: np.ndarray, row_of: np.ndarray) -> np.ndarray:
    """The mean row of each block of 64 tokens, float16 (block, width)."""
    starts = np.arange(0, len(row_of), BLOCK)
    sums = np.add.reduceat(rows[row_of].astype(np.float32), starts, axis=0)
    sizes = np.diff(np.append(starts, len(row_of)))
    return (sums / sizes[:, None]).astype(np.float16)


def _principal(weights: np.ndarray) -> np.ndarray:
    """The first right singular vectors, from the smaller of the two Gram matrices."""
    n, terms = weights.shape
    gram = weights @ weights.T if n <= terms else weights.T @ weights
    values, vectors = np.linalg.eigh(gram.astype(np.float64))
    kept = np.argsort(-values)[:TOPICS]
    kept = kept[values[kept] > 1e-9]
    if not len(kept):  # stop words alone
        return np.zeros((terms, 1))
    if n > terms:
        return vectors[:, kept]
    return weights.T @ (vectors[:, kept] / np.sqrt(values[kept]))


def _ngram(order: int) -> str:
    return f"an adaptive {order}-gram (Witten-Bell), no language model"
