"""Evidence recall: does a memory rank the turns that hold the answer? No language model needed.

The literature does not agree on the names of LoCoMo's categories, so results go by the integer in
the data; the names here are those of the data set's own file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.labs.memory_graph.living.checks import whole

CATEGORIES = {
    1: "multi-hop",
    2: "temporal",
    3: "open-domain",
    4: "single-hop",
    5: "adversarial",
}


def recall_at(ranked: Sequence[str], gold: Iterable[str], k: int) -> float:
    """|top k and gold| / |gold|, 0 to 1; NaN without gold.

    A repeated id takes a place of its own: a memory that says a thing twice used it up.
    """
    wanted = set(gold)
    if not wanted:
        return float("nan")
    return len(wanted & set(ranked[: whole(k, "k", 1)])) / len(wanted)


@dataclass(frozen=True)
class CategoryRecall:
    """Mean recall@k of the questions of one category, and how many they are."""

    category: int
    name: str
    questions: int
    recall: dict[int, float]


def by_category(
    questions: Iterable[Mapping[str, Any]],
    rank: Callable[[Mapping[str, Any]], Sequence[str]],
    ks: Sequence[int] = (5, 10),
    known: Iterable[str] | None = None,
) -> list[CategoryRecall]:
    """Ask a memory every question and average by category.

    ``questions``: mappings with ``category`` (integer) and ``evidence`` (ids of turns), as in
    locomo10_qa; those without evidence are left out, and with ``known`` evidence outside it too.
    ``rank`` gives ids, best first. The last entry, category 0, is over all questions.
    """
    there = None if known is None else set(known)
    rows: dict[int, list[dict[int, float]]] = {}
    for question in questions:
        gold = [name for name in question["evidence"] if there is None or name in there]
        if not gold:
            continue
        ranked = rank(question)
        found = {k: recall_at(ranked, gold, k) for k in ks}
        rows.setdefault(int(question["category"]), []).append(found)
    groups = [_mean(number, rows[number], ks) for number in sorted(rows)]
    everything = [row for group in rows.values() for row in group]
    return [*groups, _mean(0, everything, ks)] if everything else []


def _mean(number: int, rows: Sequence[Mapping[int, float]], ks: Sequence[int]) -> CategoryRecall:
    name = "all" if number == 0 else CATEGORIES.get(number, f"category {number}")
    means = {k: sum(row[k] for row in rows) / len(rows) for k in ks}
    return CategoryRecall(number, name, len(rows), means)


def through(ranked: Iterable[str], sources: Mapping[str, Sequence[str]]) -> list[str]:
    """A ranking of notes as a ranking of the turns that they were made of, each turn once.

    ``sources``: note -> turns, as LoCoMo's observations name their evidence.
    """
    turns = (turn for note in ranked for turn in sources.get(note, ()))
    return list(dict.fromkeys(turns))
