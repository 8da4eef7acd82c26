"""Retrievers side by side: where each ranks the gold of a question, and recall over all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.seeds import rng
from engine.figures import Palette, Series, axis, bars, lines
from engine.labs.memory_graph.metrics import bootstrap

Filter = Literal["all", "graph wins", "graph loses", "all fail"]
FILTERS: dict[Filter, str] = {
    "all": "All questions",
    "graph wins": "The graph wins",
    "graph loses": "The graph loses",
    "all fail": "All fail",
}
NAMES = {
    "bm25": "BM25",
    "tfidf": "TF-IDF",
    "dense": "Dense",
    "hipporag": "HippoRAG",
    "hipporag2": "HippoRAG 2",
    "mix": "Mix",
}
GRAPHS = ("hipporag", "hipporag2")
PLAIN = ("bm25", "tfidf", "dense")
AT_FIVE = 1  # place of 5 among the cutoffs 2, 5, 10
RANKS = (1, 2, 5, 10, 20, 50)
BELOW = 80  # where a passage is drawn that a retriever did not look far enough to find
SHORT = 30


def method_names(result: Result) -> list[str]:
    """The retrievers as they are written."""
    return [NAMES[method] for method in result.notes["methods"]]


def filtered(result: Result, which: Filter) -> list[int]:
    """Questions by who found more of the gold among the first five: a graph or words.

    All of them where there is no gold to tell.
    """
    if not result.notes["gold"]:
        return list(range(len(result.notes["questions"])))
    methods = result.notes["methods"]
    recall = result.array("recall")[:, :, AT_FIVE]
    graph = recall[[i for i, m in enumerate(methods) if m in GRAPHS]].max(axis=0)
    words = recall[[i for i, m in enumerate(methods) if m in PLAIN]].max(axis=0)
    kept = {
        "all": np.ones(len(graph), bool),
        "graph wins": graph > words,
        "graph loses": graph < words,
        "all fail": recall.max(axis=0) == 0,
    }[which]
    return np.flatnonzero(kept).tolist()


def draw_rank_flow(result: Result, palette: Palette, *, question: int) -> go.Figure:
    """A line through the retrievers for each passage that is followed: gold, or first found."""
    followed = [int(i) for i in result.array("followed")[question] if i >= 0]
    ranks = result.array("rank")[:, question, : len(followed)]
    names = method_names(result)
    at = np.arange(len(names))
    shown = np.where(ranks == 0, BELOW, ranks)
    figure = lines(
        [Series(name, at, shown[:, i]) for i, name in enumerate(passage_names(result, followed))],
        palette,
        title="Where each retriever ranks the gold"
        if result.notes["gold"]
        else "Where each ranks what was found",
        subtitle="lower is better; beyond: not among the places looked at"
        if result.notes["gold"]
        else f"the first three passages of each retriever, {len(followed)} in all; "
        "lower is better; beyond: not among the places looked at",
        x=axis("Retriever"),
        y=axis("Rank", log=True, limits=(0.9, 95)),
        level=(5.5, "first five"),
        alt=describe_question(result, question),
        height=360 + 12 * max(len(followed) - 6, 0),
    )
    figure.update_yaxes(tickvals=[*RANKS, BELOW], ticktext=[*map(str, RANKS), "beyond"])
    reach = [-0.3, at[-1] + 0.3]
    return figure.update_xaxes(tickmode="array", tickvals=at, ticktext=names, range=reach)


def passage_names(result: Result, passages: Sequence[int]) -> list[str]:
    """Their titles; where a title stands over several of the memory, with the text's beginning."""
    every = result.notes["passages"]
    often = Counter(passage["title"] for passage in every)
    return [
        title if title and often[title] == 1 else f"{title}: {text}"[: SHORT + 10].lstrip(": ")
        for title, text in ((every[p]["title"], every[p]["text"]) for p in passages)
    ]


def describe_question(result: Result, question: int) -> str:
    """How much of the gold each retriever has among its first five, or how far they agree."""
    names = method_names(result)
    if result.notes["gold"]:
        recall = result.array("recall")[:, question, AT_FIVE]
        parts = [f"{name} {value:.0f} %" for name, value in zip(names, recall, strict=True)]
        return f"Gold among the first five: {', '.join(parts)}."
    firsts = [set(own[own >= 0][:5].tolist()) for own in result.array("top")[:, question]]
    common, union = set.intersection(*firsts), set.union(*firsts)
    return (
        f"This question came without gold passages. The first five of {len(names)} retrievers are "
        f"{len(union)} passages, and {len(common)} of these are among the first five of all."
    )


def draw_recall(result: Result, palette: Palette, *, cutoff: int = AT_FIVE) -> go.Figure:
    """Mean recall of every retriever with its interval over questions."""
    recall = result.array("recall")[:, :, cutoff].astype(np.float64)
    k, count = result.notes["cutoffs"][cutoff], recall.shape[1]
    ends = bootstrap(recall.T, rng(0, "memory_graph", "duel"))
    return bars(
        method_names(result),
        {f"recall@{k}": recall.mean(axis=1)},
        palette,
        low={f"recall@{k}": ends[0]},
        high={f"recall@{k}": ends[1]},
        interval="95 % bootstrap over questions",
        title=f"Recall@{k} of each retriever",
        subtitle=f"{count} questions",
        category="Retriever",
        value=axis(f"Recall@{k}", "%"),
        alt="; ".join(
            f"{name} {value:.1f} %"
            for name, value in zip(method_names(result), recall.mean(axis=1), strict=True)
        ),
    )


def draw_thumbnail(result: Result, palette: Palette) -> go.Figure:
    """The card of the gallery."""
    return draw_recall(result, palette)


def place_table(result: Result, question: int) -> dict[str, list[str]]:
    """A column for each retriever: the titles of its first five, gold ones marked."""
    gold = set(result.array("followed")[question].tolist()) if result.notes["gold"] else set()
    table = {}
    for m, name in enumerate(method_names(result)):
        first = [p for p in result.array("top")[m, question, :5].tolist() if p >= 0]
        titles = passage_names(result, first)
        table[name] = [
            f"{'★ ' if p in gold else ''}{title}" for p, title in zip(first, titles, strict=True)
        ]
    return table
