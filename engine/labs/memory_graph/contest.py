"""Retrievers and memories side by side: how much of the evidence each finds, by category.

All are asked the same questions, and each gets k places for passages of the corpus: what finds
events, or notes made of passages, answers with those passages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from engine.core import seeds
from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.labs.memory_graph import metrics
from engine.labs.memory_graph.config import ContestConfig
from engine.labs.memory_graph.contest_room import Room, rooms_of
from engine.labs.memory_graph.living.evidence import CATEGORIES
from engine.labs.memory_graph.living.forgetting import FORMULAS
from engine.labs.memory_graph.loading import Loaded, Read, load
from engine.labs.memory_graph.observations import FIELD, Observation, load_observations
from engine.labs.memory_graph.questions import Question

CUTOFFS = (5, 10)
# Family and name of everybody, in the order of the tables.
NAMES = {
    "bm25": ("Retrievers", "BM25"),
    "tfidf": ("Retrievers", "TF-IDF"),
    "dense": ("Retrievers", "Dense"),
    "hipporag": ("Retrievers", "HippoRAG"),
    "hipporag2": ("Retrievers", "HippoRAG 2"),
    "mix": ("Retrievers", "Mix"),
    "memory": ("Stored memory", "Stored memory"),
    "amem": ("A-MEM", "A-MEM"),
    "amem-evolved": ("A-MEM", "A-MEM evolved"),
    "amem-links": ("A-MEM", "A-MEM with links"),
    "observations": ("A-MEM", "Observations"),
    "bank": ("MemoryBank", "MemoryBank"),
    **{f"bank-{formula}": ("MemoryBank", f"Forgot: {formula}") for formula in FORMULAS},
    "buckets-all": ("Think-in-Memory", "All buckets"),
    "buckets-n": ("Think-in-Memory", "{probes} buckets"),
    "buckets-1": ("Think-in-Memory", "1 bucket"),
    "events": ("EM-LLM", "Events"),
    "events-near": ("EM-LLM", "Events, contiguity"),
}
# What a memory does to what it finds: before, after, and the name of the change.
PAIRS = (
    ("amem", "amem-evolved", "A-MEM: evolution"),
    ("amem-evolved", "amem-links", "A-MEM: links"),
    *(("bank", f"bank-{formula}", f"Forgetting: {formula}") for formula in FORMULAS),
    ("buckets-all", "buckets-n", "{probes} buckets only"),
    ("buckets-all", "buckets-1", "1 bucket only"),
    ("events", "events-near", "Contiguity"),
)
NO_VECTORS = "Dense is left out: this corpus came without sentence vectors."
NO_DAYS = "MemoryBank is left out: not every note has a date."
NO_OBSERVATIONS = "A-MEM of ready-made observations is left out: none were given."
SOME_OBSERVATIONS = "A-MEM of ready-made observations is left out: not every conversation has some."

Progress = Callable[[float, float], None]


class _Found(NamedTuple):
    """Who answered everything: ``values`` (method, question, cutoff) in percent, ``alive`` and
    ``changes`` (method,)."""

    methods: list[str]
    values: np.ndarray
    alive: np.ndarray
    changes: np.ndarray


def contest(config: ContestConfig, read: Read, progress: Progress) -> Result:
    """Ask every retriever and every memory every question.

    Fields: ``by_question`` (method, question, cutoff) and ``recall`` (method, category, cutoff) in
    percent, its 95 percent ``interval`` (method, category, cutoff, end) by bootstrap over
    questions; ``difference`` (pair, category, cutoff) after minus before, and its interval
    ``difference_interval``, paired by question; ``questions`` (category,) are counts, the first
    category is all of them; ``alive`` (method,) is the share of notes that are still there, and
    ``changes`` how often a note was rewritten or linked.
    Raises BadInput for questions without gold and for conversations of over 3,000 notes.
    """
    given = load(config, read)
    if not given.questions:
        raise BadInput("questions", "questions with gold passages are required")
    notes: tuple[Observation, ...] = ()
    if config.observations:
        source = read(config.observations, FIELD)
        rows = load_observations(source, given.corpus, keep_rest=config.keep_rest)
        notes = rows.items
        given.notes["left_out"] += rows.sentences
    rooms = rooms_of(given, notes)
    return _result(config, given, rooms, _ask(config, given, rooms, progress))


def _ask(config: ContestConfig, given: Loaded, rooms: Sequence[Room], progress: Progress) -> _Found:
    shape = (len(given.questions), len(CUTOFFS))
    found: dict[str, np.ndarray] = {}
    alive: dict[str, float] = {}
    changes: dict[str, int] = {}
    notes = sum(len(room.talk.passages) for room in rooms)
    for done, room in enumerate(rooms):
        share = len(room.talk.passages) / notes
        for part, (name, contestant) in enumerate(room.contestants(config)):
            recall = found.setdefault(name, np.full(shape, np.nan, np.float32))
            alive[name] = alive.get(name, 0.0) + share * contestant.alive
            changes[name] = changes.get(name, 0) + contestant.changes
            for i in room.asked:
                recall[i] = [room.recall(contestant, given.questions[i], k) for k in CUTOFFS]
            progress(done * len(NAMES) + part + 1, len(rooms) * len(NAMES))
    # Who could not hold a conversation answered only some of the questions, and is left out.
    methods = [name for name in NAMES if name in found and not np.isnan(found[name]).any()]
    return _Found(
        methods,
        np.stack([found[name] for name in methods]),
        np.array([alive[name] for name in methods]),
        np.array([changes[name] for name in methods]),
    )


def _result(config: ContestConfig, given: Loaded, rooms: Sequence[Room], found: _Found) -> Result:
    """Means, intervals and paired differences of what was found."""
    names, members = _categories(given.questions)
    methods, values = found.methods, found.values
    probes = min(config.probes, config.buckets)
    pairs = [pair for pair in PAIRS if pair[0] in methods and pair[1] in methods]
    before, after = ([methods.index(pair[end]) for pair in pairs] for end in (0, 1))
    change = values[after] - values[before]

    def ends(of: np.ndarray) -> np.ndarray:
        """Intervals of the mean over questions: of (row, question, cutoff) (row, category,
        cutoff, end)."""
        columns = [
            metrics.bootstrap(
                of[:, own].swapaxes(0, 1),
                seeds.rng(config.seed, "memory_graph", "contest", category),
                config.resamples,
            )
            for category, own in enumerate(members)
        ]
        return np.moveaxis(np.stack(columns), (0, 1, 2, 3), (1, 3, 0, 2)).astype(np.float32)

    def means(of: np.ndarray) -> np.ndarray:
        return np.stack([of[:, own].mean(axis=1) for own in members], axis=1).astype(np.float32)

    recall = means(values)
    by_category = ("category", "cutoff")
    return Result(
        {
            "by_question": Field(values, ("method", "question", "cutoff"), "%"),
            "recall": Field(recall, ("method", *by_category), "%"),
            "interval": Field(ends(values), ("method", *by_category, "end"), "%"),
            "difference": Field(means(change), ("pair", *by_category), "%"),
            "difference_interval": Field(ends(change), ("pair", *by_category, "end"), "%"),
            "questions": Field(np.array([own.sum() for own in members]), ("category",)),
            "alive": Field(found.alive, ("method",)),
            "changes": Field(found.changes, ("method",)),
        },
        {
            f"{method} recall@{k}": float(recall[m, 0, c])
            for m, method in enumerate(methods)
            for c, k in enumerate(CUTOFFS)
        }
        | {
            "questions": len(given.questions),
            "conversations": len(rooms),
            "notes": sum(len(room.talk.passages) for room in rooms),
        },
        {
            **given.notes,
            "methods": methods,
            "titles": [NAMES[method][1].format(probes=probes) for method in methods],
            "families": [NAMES[m][0] for m in methods],
            "pairs": [[a, b, title.format(probes=probes)] for a, b, title in pairs],
            "categories": names,
            "cutoffs": list(CUTOFFS),
            "absent": _absent(methods, rooms),
            "bank_recalled_by": config.bank_recalled_by,
            "last_days": [day.isoformat() for room in rooms if (day := room.last_day())],
        },
    )


def _categories(
    questions: Sequence[Question],
) -> tuple[list[dict[str, int | str]], list[np.ndarray]]:
    """What results are broken down by, and who belongs to each (questions, bool); first all.

    By the number that the data have, with the data's name for it (the literature does not agree on
    names); else by the group.
    """
    keys = sorted({(q.category, q.group) for q in questions if q.category or q.group})
    names: list[dict[str, int | str]] = [{"number": 0, "name": "all"}]
    names += [
        {"number": number, "name": name or CATEGORIES.get(number, "")} for number, name in keys
    ]
    own = [np.array([(q.category, q.group) == key for q in questions]) for key in keys]
    return names, [np.ones(len(questions), bool), *own]


def _absent(methods: Sequence[str], rooms: Sequence[Room]) -> list[str]:
    """Who could not take part, a sentence each."""
    told = [
        (NO_VECTORS, "dense" not in methods),
        (NO_DAYS, "bank" not in methods),
        (SOME_OBSERVATIONS if any(room.observations for room in rooms) else NO_OBSERVATIONS,
         "observations" not in methods),
    ]  # fmt: skip
    return [sentence for sentence, true in told if true]
