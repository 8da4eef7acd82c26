"""The paper's figures beside those of a run, and whether the order of the ablations agrees."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.seeds import rng
from engine.figures import Palette, axis, bars
from engine.labs.memory_graph.metrics import bootstrap
from engine.labs.memory_graph.published import DATASET, MARKS, ablations, corpus_passages, tables
from engine.labs.memory_graph.views.bench import INTERVAL, MEASURES, TINY, place
from engine.labs.memory_graph.views.bench_bars import PARTS

# A method of this lab -> where its published peer stands.
PEERS = {
    "bm25": ("hipporag", "BM25"),
    "hipporag": ("hipporag", "HippoRAG (ColBERTv2)"),
    "hipporag2": ("hipporag2_ablations", "no filter"),
}
PEER_NAMES = {"hipporag2": "HippoRAG 2, no filter"}


class Order(NamedTuple):
    """Pairs of ablations that the paper orders: ``same`` here, ``reversed_`` here, ``tied`` here.

    ``sure`` counts those whose difference here is beyond noise, in either order.
    """

    same: list[tuple[str, str]]
    reversed_: list[tuple[str, str]]
    tied: list[tuple[str, str]]
    sure: int


def comparable(result: Result) -> str:
    """Why figures of another corpus are not comparable, and what is."""
    here, there = int(result.number("passages")), corpus_passages()
    if here == there:
        return (
            f"As many passages as the paper's corpus ({there:,}); names are found and linked by "
            "rules here and by models there."
        )
    return (
        f"Different corpus ({here:,} passages instead of {there:,}), therefore not comparable; the "
        "order of the ablations can be compared."
    )


def draw_beside(result: Result, palette: Palette, *, measure: str) -> go.Figure:
    """The ablations as the paper measured them on MuSiQue and as they are here."""
    theirs = ablations(measure)
    at = place(result, measure)
    names = [name for name in result.notes["ablations"] if name in theirs]
    where = [result.notes["ablations"].index(name) for name in names]
    means = result.array("ablation_mean")[where, at]
    ends = result.array("ablation_interval")[where][..., at]
    ours = f"here, {int(result.number('passages')):,} passages"
    return bars(
        [PARTS.get(name, name) for name in names],
        {
            f"published, {corpus_passages():,} passages": np.array([theirs[n] for n in names]),
            ours: means,
        },
        palette,
        low={ours: ends[:, 0]},
        high={ours: ends[:, 1]},
        interval=f"{INTERVAL}, of ours alone",
        horizontal=True,
        title=f"{MEASURES[measure]}, published and here",
        subtitle=comparable(result).rstrip("."),
        category="HippoRAG",
        value=axis(MEASURES[measure], "%"),
        alt=f"{comparable(result)} {describe_order(result, measure)}",
    )


def order(result: Result, measure: str) -> Order:
    """Every pair that the paper orders, looked at here with a paired interval."""
    theirs = ablations(measure)
    at = place(result, measure)
    values = dict(zip(result.notes["ablations"], result.array("ablation")[..., at], strict=True))
    found = Order([], [], [], 0)
    sure = 0
    for one, other in combinations(theirs, 2):
        better, worse = (one, other) if theirs[one] > theirs[other] else (other, one)
        if theirs[one] == theirs[other]:
            continue
        gain = (values[better] - values[worse]).astype(np.float64)
        low, high = bootstrap(gain, rng(0, "memory_graph", "order"))
        sure += bool(low > TINY or high < -TINY)
        mean = gain.mean()
        group = found.same if mean > TINY else found.reversed_ if mean < -TINY else found.tied
        group.append((better, worse))
    return found._replace(sure=sure)


def describe_order(result: Result, measure: str) -> str:
    """Whether the order of the ablations agrees with the paper's, in one or two sentences."""
    if not ablations(measure):
        return f"The paper gives no ablations for {MEASURES[measure].lower()}."
    found = order(result, measure)
    pairs = len(found.same) + len(found.reversed_) + len(found.tied)
    words = (
        f"The order of all {pairs} pairs that the paper orders is the same here"
        if len(found.same) == pairs
        else f"The order is the same here in {len(found.same)} of the {pairs} pairs that the paper "
        "orders"
    )
    for what, group in (("reversed", found.reversed_), ("equal", found.tied)):
        if group:
            listed = ", ".join(
                f"{PARTS.get(better, better)} over {PARTS.get(worse, worse)}"
                for better, worse in group
            )
            words += f"; {what} here: {listed}"
    if not found.sure:
        return (
            f"{words}. No pair differs beyond noise here, so that this memory says nothing about "
            "the order: its knobs hardly matter."
        )
    return f"{words}. Beyond noise here: {found.sure} of {pairs} pairs."


def beside_table(result: Result) -> list[dict[str, str | float | None]]:
    """Each method with its published peer on MuSiQue and what was measured here, with the place."""
    rows: list[dict[str, str | float | None]] = []
    for m, method in enumerate(result.notes["methods"]):
        if method not in PEERS:
            continue
        name, row = PEERS[method]
        table = tables()[name]
        published = {
            f"{MEASURES[measure]} published [%]": table.figure(row, DATASET, measure)
            for measure in ("recall@2", "recall@5")
        }
        here = {
            f"{MEASURES[measure]} here [%]": float(
                result.array("method_mean")[m, place(result, measure)]
            )
            for measure in ("recall@2", "recall@5")
        }
        source = f"{table.source} ({MARKS[table.mark]})"
        rows.append({"Published": PEER_NAMES.get(method, row), **published, **here,
                     "Source": source})  # fmt: skip
    return rows
