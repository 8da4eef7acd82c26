"""The benchmark bench: a walking method over a grid, its ablations, and all methods beside it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from engine.core import seeds
from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.labs.memory_graph import metrics
from engine.labs.memory_graph.build import Workshop
from engine.labs.memory_graph.config import BenchConfig, Retrieval
from engine.labs.memory_graph.corpus import Corpus
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.hipporag2 import HippoRag2
from engine.labs.memory_graph.loading import Read, load
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.retrievers import best

METHODS = ("bm25", "tfidf", "dense", "hipporag", "hipporag2", "mix")
WHOLE = "whole"
TINY = 1e-9  # percent: what rounding makes of no difference
# HippoRAG's are those of its paper's table 5; HippoRAG 2's are switches of this lab.
ABLATIONS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "hipporag": {
        WHOLE: {},
        "no specificity": {"specificity": False},
        "no synonyms": {"synonyms": "none"},
        "seeds only": {"spread": "seeds"},
        "neighbours": {"spread": "neighbours"},
    },
    "hipporag2": {
        WHOLE: {},
        "facts alone": {"entity_weight": 0.0},
        "no passage seeds": {"passage_weight": 0.0},
        "no synonyms": {"synonyms": "none"},
    },
}


class Progress(Protocol):
    """What a run reports: questions done of all, and the cells that are ready."""

    def __call__(self, done: float, total: float, **metrics: float) -> None:
        """Raises Cancelled when somebody asked for it to stop."""


def bench(config: BenchConfig, read: Read, progress: Progress) -> Result:
    """Recall of every cell, ablation and method, with intervals over questions.

    Values are percent; the last axis ``measure`` is ``metrics.MEASURES``. ``thresholds`` and
    ``dampings`` are the grid's own. ``cell``, ``ablation`` and ``method`` hold every question;
    their ``_mean``, ``_interval`` (end) and, against the compared cell, ``_gain`` and
    ``_gain_interval`` come from one set of bootstrap resamples for all, so that differences are
    paired. ``group`` and ``group_interval`` (method, group, ...) break methods down by the
    questions' own groups, ``hop`` (method, hop, cutoff) by step of a decomposed question.
    Raises BadInput("questions") where there is no gold.
    """
    start = time.process_time()
    loaded = load(config, read)
    if not loaded.questions:
        raise BadInput("questions", "questions with gold passages are required")
    thresholds, dampings = config.grid
    methods = [m for m in METHODS if m != "dense" or loaded.materials.vectors is not None]
    ablations = ABLATIONS[config.method]
    ask = _Asking(loaded.corpus, loaded.questions, Workshop(loaded.materials), progress)
    ask.total = len(loaded.questions) * (
        len(thresholds) * len(dampings) + len(ablations) + len(methods)
    )
    cells = np.stack([_row(config, threshold, dampings, ask) for threshold in thresholds])
    parts = np.stack([ask.recall(config.model_copy(update=part)) for part in ablations.values()])
    tops = [ask.tops(config.model_copy(update={"method": method})) for method in methods]
    sides = np.stack([ask.measured(own) for own in tops])
    here = thresholds.index(config.threshold), dampings.index(config.damping)
    fields = {
        "thresholds": Field(np.array(thresholds), ("threshold",)),
        "dampings": Field(np.array(dampings), ("damping",)),
        **_summary(config, "cell", cells, ("threshold", "damping"), cells[here]),
        **_summary(config, "ablation", parts, ("ablation",), parts[0]),
        **_summary(config, "method", sides, ("method",), None),
    }
    groups, sizes = _add_groups(fields, config, loaded.questions, sides)
    hops = np.stack([metrics.by_hop(loaded.questions, own) for own in tops])
    if hops.size:
        fields["hop"] = Field(hops.astype(np.float32), ("method", "hop", "cutoff"), "%")
    graph = ask.workshop.graph(config)
    return Result(
        fields,
        {
            **_numbers(fields, here),
            "questions": len(loaded.questions),
            "passages": len(loaded.corpus.passages),
            "nodes": len(graph.phrases),
            "edges": graph.edges,
        },
        {
            **loaded.notes,
            "measures": list(metrics.MEASURES),
            "cutoffs": list(metrics.CUTOFFS),
            "compared": list(here),
            "ablations": list(ablations),
            "methods": methods,
            "absent": [m for m in METHODS if m not in methods],
            "walks": config.method,
            "entity_weight": config.entity_weight,
            "groups": groups,
            "group_sizes": sizes,
            "hop_sizes": _hop_sizes(loaded.questions),
            "questions": [question.text for question in loaded.questions],
            "cpu_seconds": time.process_time() - start,
        },
    )


class _Asking:
    """Puts all questions to retrievers of one memory and counts how far it is."""

    def __init__(
        self,
        corpus: Corpus,
        questions: Sequence[Question],
        workshop: Workshop,
        progress: Progress,
    ):
        self.questions = questions
        self.within = [corpus.within(question.scope) for question in questions]
        self.workshop = workshop
        self.progress = progress
        self.done, self.total = 0, 0

    def first(self, q: int, scores: np.ndarray) -> np.ndarray:
        """The first ten passages by the scores of a question."""
        self.done += 1
        self.progress(self.done, self.total)
        return best(scores, metrics.CUTOFFS[-1], self.within[q])

    def tops(self, settings: Retrieval) -> list[np.ndarray]:
        """The first ten passages of every question."""
        retriever = self.workshop.retriever(settings)
        return [self.first(q, retriever.scores(one)) for q, one in enumerate(self.questions)]

    def measured(self, tops: Sequence[np.ndarray]) -> np.ndarray:
        """All measures of every question (questions, measures)."""
        ranks = [
            metrics.gold_ranks(top, question.gold)
            for top, question in zip(tops, self.questions, strict=True)
        ]
        return metrics.measured(metrics.recalls(ranks))

    def recall(self, settings: Retrieval) -> np.ndarray:
        """All measures of a retriever for every question (questions, measures)."""
        return self.measured(self.tops(settings))


def _row(
    config: BenchConfig, threshold: float, dampings: Sequence[float], ask: _Asking
) -> np.ndarray:
    """One threshold's cells (dampings, questions, measures): one graph, each question linked once.

    Reports a cell when it is ready.
    """
    retriever = ask.workshop.retriever(config.model_copy(update={"threshold": threshold}))
    assert isinstance(retriever, HippoRag | HippoRag2)
    traces = [retriever.trace(question) for question in ask.questions]
    # Without a walk, as in two of the ablations, nothing is damped.
    walks = isinstance(retriever, HippoRag2) or retriever.rules.spread == "walk"
    cells = []
    for damping in dampings:
        tops = []
        for q, (question, trace) in enumerate(zip(ask.questions, traces, strict=True)):
            damped = replace(trace, damping=damping) if walks else trace
            tops.append(ask.first(q, retriever.read(damped, question)))
        cells.append(ask.measured(tops))
        found = float(cells[-1][:, metrics.MEASURES.index("recall@5")].mean())
        ask.progress(ask.done, ask.total, **{f"recall@5 at threshold {threshold:g}": found})
    return np.stack(cells)


def _summary(
    config: BenchConfig,
    name: str,
    values: np.ndarray,
    axes: tuple[str, ...],
    base: np.ndarray | None,
) -> dict[str, Field]:
    """Values (..., questions, measures), their means and intervals, and those of gains on base."""
    inner = (*axes, "question", "measure")
    outer = (*axes, "measure")
    found = {
        name: Field(values.astype(np.float32), inner, "%"),
        f"{name}_mean": Field(values.mean(axis=-2), outer, "%"),
        f"{name}_interval": Field(_interval(config, values), (*axes, "end", "measure"), "%"),
    }
    if base is not None:
        gain = values - base
        found[f"{name}_gain"] = Field(gain.mean(axis=-2), outer, "%")
        interval = _interval(config, gain)
        found[f"{name}_gain_interval"] = Field(interval, (*axes, "end", "measure"), "%")
    return found


def _interval(config: BenchConfig, values: np.ndarray) -> np.ndarray:
    """95 % bootstrap over questions of (..., questions, measures): (..., ends, measures)."""
    questions_first = np.moveaxis(values, -2, 0)
    rng = seeds.rng(config.seed, "memory_graph", "bootstrap")
    ends = metrics.bootstrap(questions_first, rng, config.resamples)
    return np.moveaxis(ends, 0, -2)


def _add_groups(
    fields: dict[str, Field], config: BenchConfig, questions: Sequence[Question], sides: np.ndarray
) -> tuple[list[str], list[int]]:
    """Means and intervals of each group of questions, added to ``fields``; names and sizes."""
    names = sorted({question.group for question in questions if question.group})
    members = [[q for q, one in enumerate(questions) if one.group == name] for name in names]
    if names:
        means = np.stack([sides[:, own].mean(axis=1) for own in members], axis=1)
        ends = np.stack([_interval(config, sides[:, own]) for own in members], axis=1)
        fields["group"] = Field(means, ("method", "group", "measure"), "%")
        fields["group_interval"] = Field(ends, ("method", "group", "end", "measure"), "%")
    return names, [len(own) for own in members]


def _hop_sizes(questions: Sequence[Question]) -> list[int]:
    """How many questions have a first, second, ... hop."""
    longest = max((len(question.hops) for question in questions), default=0)
    return [sum(len(question.hops) > hop for question in questions) for hop in range(longest)]


def _numbers(fields: Mapping[str, Field], here: tuple[int, int]) -> dict[str, float]:
    """The compared cell, the best one for recall@5, and how many cells differ from the compared."""
    at_five = metrics.MEASURES.index("recall@5")
    means = fields["cell_mean"].array
    recall = means[..., at_five]
    # Of cells that tie, the compared one stands for all.
    tied = recall[here] >= recall.max() - TINY
    row, column = here if tied else np.unravel_index(int(np.argmax(recall)), recall.shape)
    ends = fields["cell_gain_interval"].array[..., at_five]
    apart = (ends[..., 0] > TINY) | (ends[..., 1] < -TINY)
    return {
        **{name: float(means[here][i]) for i, name in enumerate(metrics.MEASURES)},
        "best recall@5": float(recall[row, column]),
        "best_threshold": float(fields["thresholds"].array[row]),
        "best_damping": float(fields["dampings"].array[column]),
        "cells": means.shape[0] * means.shape[1],
        "cells_apart": int(apart.sum()),
    }
