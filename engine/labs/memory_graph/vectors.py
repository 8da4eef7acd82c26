"""Sentence vectors that were computed before: of passages, questions, node names and facts.

The .npz holds ``passages`` and ``questions`` (rows in the order of their files) and, where triples
were embedded, ``entities`` and ``facts``: the sorted distinct phrases and (s, p, o) of the triples,
normalised as HippoRAG's code does. ``<name>_q8`` with ``<name>_scale`` holds int8 rows and their
scales instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.errors import BadInput
from engine.io.npz import load_npz
from engine.labs.memory_graph.graph import MemoryGraph
from engine.labs.memory_graph.openie import Triple, Triples
from engine.labs.memory_graph.phrases import normalise, normalise_ascii
from engine.labs.memory_graph.questions import Question

FIELD = "vectors"


@dataclass(frozen=True, eq=False)
class Vectors:
    """Unit rows, float32. ``questions`` maps a question's text to its vector (width,)."""

    passages: np.ndarray
    questions: dict[str, np.ndarray]
    entities: np.ndarray | None = None
    facts: np.ndarray | None = None


def load_vectors(
    source: Path | str | bytes, passages: int, questions: Sequence[Question]
) -> Vectors:
    """The vectors of a corpus with ``passages`` passages and of these questions.

    Raises BadInput("vectors") for a bad file and for rows that do not fit either of them.
    """
    arrays = load_npz(source, field=FIELD)
    found = {name: _rows(arrays, name) for name in ("passages", "questions", "entities", "facts")}
    passage_rows = _sized(found["passages"], "passages", passages)
    question_rows = _sized(found["questions"], "questions", len(questions))
    widths = {rows.shape[1] for rows in found.values() if rows is not None}
    if len(widths) > 1:
        raise BadInput(FIELD, f"rows of one width are required, these have {sorted(widths)}")
    return Vectors(
        passage_rows,
        {question.text: row for question, row in zip(questions, question_rows, strict=True)},
        found["entities"],
        found["facts"],
    )


def fact_names(triples: Triples) -> list[Triple]:
    """What the rows of ``facts`` stand for: the sorted distinct facts, normalised as HippoRAG."""
    return sorted({_ascii(triple) for rows in triples for triple in rows})


def node_names(triples: Triples) -> list[str]:
    """What the rows of ``entities`` stand for: the sorted distinct heads and tails."""
    return sorted({end for fact in fact_names(triples) for end in (fact.subject, fact.object)})


def fact_vectors(vectors: Vectors, triples: Triples, graph: MemoryGraph) -> np.ndarray:
    """The vector of each fact of the graph of these triples (facts, width).

    Raises BadInput("vectors") where the stored rows belong to other triples.
    """
    order = {fact: i for i, fact in enumerate(fact_names(triples))}
    rows = _sized(vectors.facts, "facts", len(order))
    stored = {
        Triple(*map(normalise, triple)): order[_ascii(triple)] for own in triples for triple in own
    }
    return rows[[stored[fact] for fact in graph.facts]]


def node_vectors(vectors: Vectors, triples: Triples, phrases: Sequence[str]) -> np.ndarray:
    """The vector of each node's phrase (nodes, width).

    Raises BadInput("vectors") where the stored rows belong to other triples.
    """
    order = {name: i for i, name in enumerate(node_names(triples))}
    rows = _sized(vectors.entities, "entities", len(order))
    ends = [end for own in triples for row in own for end in (row.subject, row.object)]
    stored = {normalise(end): order[normalise_ascii(end)] for end in ends}
    return rows[[stored[phrase] for phrase in phrases]]


def _ascii(triple: Triple) -> Triple:
    return Triple(*map(normalise_ascii, triple))


def _rows(arrays: dict[str, np.ndarray], name: str) -> np.ndarray | None:
    """Unit rows of ``name``, decoded where they are int8; None where there are none."""
    rows = arrays.get(name)
    if rows is None and f"{name}_q8" in arrays:
        scale = arrays.get(f"{name}_scale")
        rows = arrays[f"{name}_q8"]
        if scale is None or scale.size != len(rows):
            raise BadInput(FIELD, f'"{name}_scale" must hold one number for each row')
        rows = rows * scale.reshape(-1, 1).astype(np.float32)
    if rows is None:
        return None
    if rows.ndim != 2:
        raise BadInput(FIELD, f'"{name}" must have rows and columns')
    rows = rows.astype(np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _sized(rows: np.ndarray | None, name: str, count: int) -> np.ndarray:
    if rows is None or len(rows) != count:
        there = "none" if rows is None else f"{len(rows):,}"
        raise BadInput(FIELD, f'"{name}" must have {count:,} rows, there are {there}')
    return rows
