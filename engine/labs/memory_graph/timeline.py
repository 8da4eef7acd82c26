"""The forgetting time machine: a dated memory, day by day, under three formulas side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.core.result import Field, Result
from engine.core.seeds import rng
from engine.labs.memory_graph.closeness import Closeness
from engine.labs.memory_graph.config.forgetting import ForgettingConfig
from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.dated import Dated, dated
from engine.labs.memory_graph.fade import NEVER, Lives, live
from engine.labs.memory_graph.living.forgetting import FORMULAS
from engine.labs.memory_graph.loading import Loaded, Read, load
from engine.labs.memory_graph.nearest import nearest_map
from engine.labs.memory_graph.probes import Probe, build_probes
from engine.labs.memory_graph.recalls import queries

SHOWN = 1500
CELLS = 400_000  # memories times frames that a map carries to the browser
LONGEST_TEXT = 1200
TITLE = 120


def forgetting(
    config: ForgettingConfig, read: Read, progress: Callable[..., None] = lambda *_, **__: None
) -> Result:
    """Play the memory's season under every formula.

    Axes: ``formula`` as in the note ``formulas``; ``day`` from the note ``first``; ``frame``: the
    days of the map, every one of a short season, else every n-th; ``memory``: those on the map,
    all or a seeded part that holds the probing questions' gold; ``draw``; ``probe``.

    Fields: ``alive`` (formula, draw, day) and ``written`` (day), of all memories; ``frame``
    (frame): its day; ``born`` (memory): its day; ``retention`` (formula, frame, memory): median
    over draws, 0 where forgotten, with ``retention_low`` and ``retention_high`` (5th and 95th
    percentile) by chance; ``there`` (formula, frame, memory): share of draws; ``gone`` (formula,
    memory): the day by which most draws have forgotten it, -1 for never; ``recall`` (event, part):
    formula, memory and day of its recalls, ``recall_count`` (event): how many, a mean over draws;
    ``found`` (formula, probe, day): share of draws in which the answer is among the top k,
    ``found_whole`` (probe, day): the same while nothing is forgotten; ``last`` (formula, draw,
    probe): the last day that finds it, -1 for none; ``xy`` (memory, axis), ``edges`` (edge, end).
    Raises BadInput("corpus") for a memory without dates.
    """
    loaded = load(config, read)
    memories = dated(loaded.corpus.passages, config.days_after)
    closeness = Closeness(loaded, memories)
    probes, usable = build_probes(config, closeness, loaded.questions)
    shown = _shown(memories, probes, config.seed)
    frames = _frames(memories.days, len(shown))
    asked = queries(config, closeness, probes)
    found = live(config, memories, asked, probes, frames, shown, progress)
    xy, edges = nearest_map(closeness, shown, config.seed)
    days = np.arange(memories.days)
    fields = {
        "alive": Field(found.alive, ("formula", "draw", "day")),
        "written": Field(
            np.searchsorted(memories.born, days, side="right").astype(np.int32), ("day",)
        ),
        "frame": Field(frames.astype(np.int32), ("frame",), "d"),
        "born": Field(memories.born[shown].astype(np.int32), ("memory",), "d"),
        "retention": Field(found.retention, ("formula", "frame", "memory")),
        "there": Field(found.there, ("formula", "frame", "memory")),
        "gone": Field(_median_day(found.gone)[:, shown], ("formula", "memory"), "d"),
        "xy": Field(xy, ("memory", "axis")),
        "edges": Field(edges, ("edge", "end")),
        **_events(found, shown),
    }
    if config.forget_by == "chance":
        fields["retention_low"] = Field(found.low, ("formula", "frame", "memory"))
        fields["retention_high"] = Field(found.high, ("formula", "frame", "memory"))
    if probes:
        fields["found"] = Field(found.found, ("formula", "probe", "day"))
        fields["found_whole"] = Field(found.found_whole.astype(np.uint8), ("probe", "day"))
        fields["last"] = Field(found.last, ("formula", "draw", "probe"), "d")
    metrics: dict[str, int | float] = {
        "memories": len(memories),
        "shown": len(shown),
        "days": memories.days,
        "draws": found.alive.shape[1],
        "probes": len(probes),
        "questions": usable,
    }
    for i, formula in enumerate(FORMULAS):
        metrics[f"mean_alive_{formula}"] = float(found.alive[i].mean())
        recalls = sum(n for (kind, _, _), n in found.recalls.items() if kind == i)
        metrics[f"recalls_{formula}"] = recalls / found.alive.shape[1]
    return Result(fields, metrics, _notes(config, loaded, memories, probes, shown, closeness.name))


def _shown(memories: Dated, probes: Sequence[Probe], seed: int) -> np.ndarray:
    """All memories, or what answers the probes and a seeded part of the rest, in their order."""
    if len(memories) <= SHOWN:
        return np.arange(len(memories))
    gold = list(dict.fromkeys(memory for probe in probes for memory in probe.wanted))[:SHOWN]
    order = rng(seed, "shown").permutation(len(memories))
    rest = order[~np.isin(order, gold)][: SHOWN - len(gold)]
    return np.sort(np.concatenate([np.array(gold, dtype=np.int64), rest]))


def _frames(days: int, shown: int) -> np.ndarray:
    """The days that the map shows: the first, every n-th, and the last."""
    step = -(-days // max(CELLS // shown, 60))
    return np.unique(np.append(np.arange(0, days, step), days - 1))


def _median_day(gone: np.ndarray) -> np.ndarray:
    """(formula, draw, memory) -> the day by which at least half of the draws lost the memory."""
    never = np.iinfo(np.int32).max
    sorted_days = np.sort(np.where(gone == NEVER, never, gone), axis=1)
    middle = sorted_days[:, (gone.shape[1] - 1) // 2]
    return np.where(middle == never, NEVER, middle).astype(np.int32)


def _events(found: Lives, shown: np.ndarray) -> dict[str, Field]:
    place = {int(memory): i for i, memory in enumerate(shown)}
    kept = sorted(
        (formula, place[memory], day, count)
        for (formula, memory, day), count in found.recalls.items()
        if memory in place
    )
    table = np.array(kept, dtype=np.int32).reshape(-1, 4)
    count = table[:, 3] / found.alive.shape[1]
    return {
        "recall": Field(table[:, :3].copy(), ("event", "part")),
        "recall_count": Field(count.astype(np.float32), ("event",)),
    }


def _labels(passages: Sequence[Passage]) -> list[str]:
    """Titles; with their first words where several share one, as the turns of a speaker do."""
    often = Counter(passage.title for passage in passages)
    return [
        (f"{p.title}: {p.text}" if often[p.title] > 1 and p.title else p.title or p.text)[:TITLE]
        for p in passages
    ]


def _notes(
    config: ForgettingConfig,
    loaded: Loaded,
    memories: Dated,
    probes: Sequence[Probe],
    shown: np.ndarray,
    closeness: str,
) -> dict[str, Any]:
    notices = list(loaded.notes.get("notices", ()))
    if memories.undated:
        notices.append(
            f"{memories.undated:,} passages have no date and are left out; {len(memories):,} have"
        )
    if config.recalled_by == "questions" and not any(not probe.made for probe in probes):
        notices.append("no question came with this memory, so that nothing is ever recalled")
    at = {int(memory): i for i, memory in enumerate(shown)}
    passages = [loaded.corpus.passages[memories.place[memory]] for memory in shown]
    return {
        **loaded.notes,
        "notices": notices,
        "formulas": list(FORMULAS),
        "first": memories.first.isoformat(),
        "closeness": closeness,
        "forget_by": config.forget_by,
        "least_retention": config.least_retention,
        "every_load": config.every_load,
        "recalled_by": config.recalled_by,
        "asked_per_day": config.asked_per_day,
        "found_k": config.found_k,
        "evidence": config.evidence,
        "undated": memories.undated,
        "labels": _labels(passages),
        "passages": [
            {"title": p.title, "text": p.text[:LONGEST_TEXT], "source": p.source} for p in passages
        ],
        "probes": [
            {
                "question": probe.question.text,
                "answer": probe.question.answer,
                "made": probe.made,
                "wanted": [at[memory] for memory in probe.wanted if memory in at],
            }
            for probe in probes
        ],
    }
