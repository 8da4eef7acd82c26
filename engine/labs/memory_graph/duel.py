"""Retrievers side by side: where each of them ranks the gold of every question."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.labs.memory_graph import metrics
from engine.labs.memory_graph.build import build_retriever
from engine.labs.memory_graph.config import DuelConfig
from engine.labs.memory_graph.loading import Read, load
from engine.labs.memory_graph.questions import Question

METHODS = ("bm25", "tfidf", "dense", "hipporag", "hipporag2", "mix")
SHOWN = 10


def duel(config: DuelConfig, read: Read, progress: Callable[[float, float], None]) -> Result:
    """Ask every retriever every question, or the visitor's own one, which has no gold.

    Fields: ``top`` (method, question, place): the first ten passages, -1 beyond the last;
    ``gold_rank`` (method, question, gold): from 1, 0 below ``depth``, -1 where a question has less
    gold; ``gold`` (question, gold): passages, -1; ``recall`` (method, question, cutoff) in percent.
    Without vectors the dense retriever is left out, and the note ``absent`` says so.
    """
    corpus, questions, materials, notes = load(config, read)
    if config.ask.strip():
        questions = (Question(config.ask.strip()),)
    if not questions:
        raise BadInput("ask", "this memory came without questions: ask one of your own")
    methods = [m for m in METHODS if m != "dense" or materials.vectors is not None]
    most = max(len(question.gold) for question in questions)
    shape = (len(methods), len(questions))
    top = np.full((*shape, SHOWN), -1, np.int32)
    rank = np.full((*shape, most), -1, np.int32)
    recall = np.zeros((*shape, len(metrics.CUTOFFS)), np.float32)
    for m, method in enumerate(methods):
        retriever = build_retriever(config.model_copy(update={"method": method}), materials)
        for q, question in enumerate(questions):
            order = retriever.rank(question, config.depth, corpus.within(question.scope)).passages
            found = metrics.gold_ranks(order, question.gold)
            first = order[:SHOWN]
            top[m, q, : len(first)] = first
            rank[m, q, : len(found)] = found
            recall[m, q] = metrics.recalls([found])[0]
            progress(m * len(questions) + q + 1, len(methods) * len(questions))
    gold = np.full((len(questions), most), -1, np.int32)
    for row, question in zip(gold, questions, strict=True):
        row[: len(question.gold)] = question.gold
    return Result(
        {
            "top": Field(top, ("method", "question", "place")),
            "gold_rank": Field(rank, ("method", "question", "gold")),
            "gold": Field(gold, ("question", "gold")),
            "recall": Field(recall, ("method", "question", "cutoff"), "%"),
        },
        {
            f"{method} recall@{k}": float(recall[m, :, i].mean())
            for m, method in enumerate(methods)
            for i, k in enumerate(metrics.CUTOFFS)
        },
        {
            **notes,
            "methods": methods,
            "absent": [m for m in METHODS if m not in methods],
            "cutoffs": list(metrics.CUTOFFS),
            "questions": [
                {
                    "text": question.text,
                    "answer": question.answer,
                    "group": question.group,
                    "hops": [[hop.question, hop.answer, hop.passage] for hop in question.hops],
                }
                for question in questions
            ],
            "passages": [
                {"title": p.title, "text": p.text, "when": p.when} for p in corpus.passages
            ],
        },
    )
