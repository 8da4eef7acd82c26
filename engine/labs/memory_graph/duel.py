"""Retrievers side by side: where each of them ranks the gold of every question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from engine.core.result import Field, Result, Scalar
from engine.labs.memory_graph import metrics
from engine.labs.memory_graph.build import Workshop
from engine.labs.memory_graph.choosing import MADE, made_question, own_question
from engine.labs.memory_graph.config import DuelConfig
from engine.labs.memory_graph.loading import Loaded, Read, load
from engine.labs.memory_graph.questions import Question

METHODS = ("bm25", "tfidf", "dense", "hipporag", "hipporag2", "mix")
SHOWN = 10
FIRST = 3


def duel(config: DuelConfig, read: Read, progress: Callable[[float, float], None]) -> Result:
    """Ask every retriever every question, or the one of the visitor, which has no gold.

    Fields: ``top`` (method, question, place): the first ten passages, -1 beyond the last;
    ``followed`` (question, followed): the passages to follow through the rankings, -1 beyond the
    last: the gold, or the first three of each retriever where there is no gold; ``rank`` (method,
    question, followed): from 1, 0 below ``depth``, -1 where none is followed; ``recall`` (method,
    question, cutoff) in percent, only with gold. The note ``gold`` says which it is. Without
    vectors, or with a question that none was stored for, HippoRAG 2 compares words and the dense
    retriever is left out; the note ``absent`` says so.
    """
    loaded = load(config, read)
    workshop = Workshop(loaded.materials)
    questions = _questions(config, loaded, workshop)
    gold = all(question.gold for question in questions)
    vectors = loaded.materials.vectors
    known = vectors is not None and all(one.text in vectors.questions for one in questions)
    if not known:
        workshop = Workshop(replace(loaded.materials, vectors=None))
    methods = [m for m in METHODS if m != "dense" or known]
    orders: list[list[np.ndarray]] = []
    for m, method in enumerate(methods):
        retriever = workshop.retriever(config.model_copy(update={"method": method}))
        orders.append([])
        for q, question in enumerate(questions):
            within = loaded.corpus.within(question.scope)
            orders[m].append(retriever.rank(question, config.depth, within).passages)
            progress(m * len(questions) + q + 1, len(methods) * len(questions))
    followed = [
        list(question.gold) if gold else _first([own[q] for own in orders])
        for q, question in enumerate(questions)
    ]
    most = max(map(len, followed))
    top = np.array([[_padded(order[:SHOWN], SHOWN) for order in own] for own in orders], np.int32)
    ranks = [
        [metrics.gold_ranks(order, wanted) for order, wanted in zip(own, followed, strict=True)]
        for own in orders
    ]
    padded = [[_padded(found, most) for found in own] for own in ranks]
    fields = {
        "top": Field(top, ("method", "question", "place")),
        "rank": Field(np.array(padded, np.int32), ("method", "question", "followed")),
        "followed": Field(
            np.array([_padded(own, most) for own in followed], np.int32), ("question", "followed")
        ),
    }
    numbers: dict[str, Scalar] = {"questions": len(questions)}
    if gold:
        recall = np.stack([metrics.recalls(own) for own in ranks])
        fields["recall"] = Field(recall.astype(np.float32), ("method", "question", "cutoff"), "%")
        numbers |= {
            f"{method} recall@{k}": float(recall[m, :, i].mean())
            for m, method in enumerate(methods)
            for i, k in enumerate(metrics.CUTOFFS)
        }
    return Result(
        fields,
        numbers,
        {
            **loaded.notes,
            "methods": methods,
            "absent": [m for m in METHODS if m not in methods],
            "gold": gold,
            "cutoffs": list(metrics.CUTOFFS),
            "questions": [_words(question) for question in questions],
            "passages": [
                {"title": p.title, "text": p.text, "when": p.when} for p in loaded.corpus.passages
            ],
        },
    )


def _questions(config: DuelConfig, loaded: Loaded, workshop: Workshop) -> tuple[Question, ...]:
    own = own_question(config.ask)
    if own is not None:
        return (own,)
    return loaded.questions or (made_question(workshop.graph(config, "hipporag")),)


def _first(orders: list[np.ndarray]) -> list[int]:
    """The first passages of each order, each once, the best places first."""
    places = [int(own[place]) for place in range(FIRST) for own in orders if place < len(own)]
    return list(dict.fromkeys(places))


def _padded(values: np.ndarray | list[int], size: int) -> list[int]:
    return [*map(int, values), *[-1] * (size - len(values))]


def _words(question: Question) -> dict[str, Any]:
    return {
        "text": question.text,
        "made": question.id if question.id == MADE else "",
        "answer": question.answer,
        "group": question.group,
        "hops": [[hop.question, hop.answer, hop.passage] for hop in question.hops],
    }
