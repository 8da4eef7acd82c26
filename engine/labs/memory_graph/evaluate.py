"""Evaluate one retriever on one set of questions: recall, its intervals, and what it cost."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from engine.core import seeds
from engine.core.errors import BadInput
from engine.core.result import Field, Result, Scalar
from engine.labs.memory_graph import metrics
from engine.labs.memory_graph.build import build_retriever
from engine.labs.memory_graph.config import EvaluateConfig
from engine.labs.memory_graph.corpus import Corpus
from engine.labs.memory_graph.loading import Read, load
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.retrievers import Retriever

Progress = Callable[[float, float], None]


def evaluate(config: EvaluateConfig, read: Read, progress: Progress) -> Result:
    """Rank the passages for every question.

    ``read(value, field)`` gives the file or bytes behind a value of the config. Metrics are percent
    and counts; notes hold CPU seconds, as wall-clock time on a busy machine says nothing. Fields:
    ``recall`` and ``all_recall`` (question, cutoff), their ``interval`` (measure, end, cutoff) of
    95 percent by bootstrap over questions, ``top`` (question, place): the first ten passages, -1
    beyond the last; ``recall_by_group`` (group, cutoff) and ``recall_by_hop`` (hop, cutoff).
    """
    corpus, questions, materials, notes = load(config, read)
    if not questions:
        raise BadInput("questions", "questions with gold passages are required")
    start = time.process_time()
    retriever = build_retriever(config, materials)
    index_seconds = time.process_time() - start
    tops, seconds, unlinked = _ask(retriever, corpus, questions, progress)
    ranks = [
        metrics.gold_ranks(top, question.gold)
        for top, question in zip(tops, questions, strict=True)
    ]
    recall = metrics.recalls(ranks)
    whole = metrics.all_recalls(recall)
    interval = metrics.bootstrap(
        np.stack([recall, whole], axis=1),
        seeds.rng(config.seed, "memory_graph", "bootstrap"),
        config.resamples,
    )
    groups, by_group, sizes = metrics.by_group(questions, recall)
    fields = {
        "recall": Field(recall, ("question", "cutoff"), "%"),
        "all_recall": Field(whole, ("question", "cutoff"), "%"),
        "interval": Field(interval.swapaxes(0, 1), ("measure", "end", "cutoff"), "%"),
        "top": Field(_padded(tops), ("question", "place")),
    }
    if groups:
        fields["recall_by_group"] = Field(by_group, ("group", "cutoff"), "%")
    by_hop = metrics.by_hop(questions, tops)
    if len(by_hop):
        fields["recall_by_hop"] = Field(by_hop, ("hop", "cutoff"), "%")
    numbers: dict[str, Scalar] = {
        f"recall@{k}": float(recall[:, i].mean()) for i, k in enumerate(metrics.CUTOFFS)
    }
    numbers |= {f"all_recall@{k}": float(whole[:, i].mean()) for i, k in enumerate(metrics.CUTOFFS)}
    numbers |= {
        "nodes": retriever.nodes,
        "edges": retriever.edges,
        "passages": len(corpus.passages),
        "questions": len(questions),
        "unlinked_questions": unlinked,
    }
    return Result(
        fields,
        numbers,
        {
            **notes,
            "index_seconds": index_seconds,
            "query_seconds_median": float(np.median(seconds)),
            "cutoffs": list(metrics.CUTOFFS),
            "measures": ["recall", "all_recall"],
            "groups": groups,
            "group_sizes": sizes.tolist(),
            "questions": [question.text for question in questions],
        },
    )


def _ask(
    retriever: Retriever, corpus: Corpus, questions: tuple[Question, ...], progress: Progress
) -> tuple[list[np.ndarray], list[float], int]:
    """The first ten passages of each question, the CPU seconds each took, how many had no seed."""
    tops, seconds, unlinked = [], [], 0
    for i, question in enumerate(questions):
        within = corpus.within(question.scope)
        start = time.process_time()
        ranking = retriever.rank(question, metrics.CUTOFFS[-1], within)
        seconds.append(time.process_time() - start)
        tops.append(ranking.passages)
        unlinked += bool(ranking.note)
        progress(i + 1, len(questions))
    return tops, seconds, unlinked


def _padded(tops: list[np.ndarray]) -> np.ndarray:
    table = np.full((len(tops), metrics.CUTOFFS[-1]), -1, np.int64)
    for row, top in zip(table, tops, strict=True):
        row[: len(top)] = top
    return table
