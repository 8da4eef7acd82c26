"""A-MEM grown note by note: what each arrival changed, and what that did to evidence recall."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from engine.core.result import Field, Result
from engine.core.seeds import rng
from engine.labs.memory_graph.arrivals import Arrivals, arrive
from engine.labs.memory_graph.config import EvolutionConfig
from engine.labs.memory_graph.evolution_record import position, steps_of, told
from engine.labs.memory_graph.evolution_trials import BEFORE, PAPER, Analysts, Trials, by_rule
from engine.labs.memory_graph.layout import layout
from engine.labs.memory_graph.living.checks import top
from engine.labs.memory_graph.living.course import Course
from engine.labs.memory_graph.loading import Read, load
from engine.labs.memory_graph.metrics import bootstrap

NEAREST_ON_MAP = 3
Progress = Callable[[float, float], None]


def evolution(
    config: EvolutionConfig, read: Read, progress: Progress, analyst: Analysts = by_rule
) -> Result:
    """Grow the memory under the switches that are set, without evolution, and under each switch.

    ``analyst`` makes who describes notes and decides; by default rules, no language model.
    A step is the arrival of a note, and both have the same number. Fields: ``xy`` (note, axis),
    the same under all switches; ``link`` (link, end): from the note that came to an older one;
    ``near`` (step, place): the notes that the analyst was shown, -1 beyond the last, with their
    ``cosine`` (step, place); ``links_made``, ``notes_changed``, ``edits`` (step): of older notes;
    ``checkpoint`` (checkpoint): notes so far, with ``answered`` (checkpoint): questions whose gold
    had all come, and ``recall`` (memory, checkpoint) in percent, without evolution and with it;
    ``trial_recall`` (trial, question) at the end, ``trial_whole`` where the whole answer is read,
    ``trial_read`` (trial, question): notes read. Without questions the fields from ``checkpoint``
    on are absent. Notes hold texts, every change, and what each trial is.
    """
    loaded = load(config, read)
    arrivals = arrive(config, loaded.corpus, loaded.questions)
    trials = Trials(config, arrivals, analyst(arrivals, config), progress)
    courses = trials.run_all()
    shown = courses[trials.shown]
    fields = {
        "xy": Field(_map(trials.texts, config.seed).astype(np.float32), ("note", "axis")),
        **steps_of(shown, config.neighbours),
    }
    metrics: dict[str, float | int | str] = {
        "notes": len(arrivals.texts),
        "notes before the cap": arrivals.of,
        "links": len(fields["link"].array),
        "edits": len(shown.edits),
        "changed notes": len({edit.note for edit in shown.edits}),
        "rebuilds": shown.memory.rebuilds,
        "questions": len(arrivals.questions),
        "questions out of reach": arrivals.unreachable,
    }
    table = [_account(courses[name], name) for name in courses]
    if arrivals.questions:
        fields |= _curves(courses[BEFORE], shown, arrivals)
        ends, asked = trials.asked_at_the_end(courses)
        table += asked
        fields |= ends
        _compare(config, table, ends["trial_recall"].array, trials.shown, metrics)
    return Result(
        fields,
        metrics,
        {
            **loaded.notes,
            **told(shown, arrivals),
            "analyst": trials.analyst.name,
            "shown": trials.shown,
            "trials": table,
            "asked": trials.own_question(courses[BEFORE], shown),
        },
    )


def _map(rows: np.ndarray, seed: int) -> np.ndarray:
    """Positions by likeness of the texts as they came (notes, 2): evolution moves no note."""
    cosine = rows @ rows.T
    np.fill_diagonal(cosine, 0.0)
    pairs = [(i, j) for i, row in enumerate(cosine) for j in top(row, NEAREST_ON_MAP) if row[j] > 0]
    here, there = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    ones = np.ones(len(here))
    one_way = sparse.csr_array((ones, (here, there)), cosine.shape)
    joined = sparse.csr_array(one_way + one_way.T)
    joined.data[:] = 1.0
    return layout(joined, seed)


def _account(course: Course, name: str) -> dict[str, object]:
    """What a trial did to the notes."""
    return {
        "name": name,
        "edits": len(course.edits),
        "edited": sorted({position(edit.note) for edit in course.edits}),
        "misplaced": sorted({(e.step, position(e.note)) for e in course.misplaced}),
        "remembered": course.remembered,
        "changes": len(course.memory.store.ledger),
        "rebuilds": course.memory.rebuilds,
    }


def _curves(before: Course, after: Course, arrivals: Arrivals) -> dict[str, Field]:
    """Mean recall of the questions whose gold has come, after so many notes."""
    last = np.array([max(gold) for gold in arrivals.gold])
    counts = [n for n in sorted(after.measured) if (last < n).any()]
    means = [[np.nanmean(c.measured[n]) for n in counts] for c in (before, after)]
    return {
        "checkpoint": Field(np.array(counts, np.int32), ("checkpoint",)),
        "answered": Field(np.array([(last < n).sum() for n in counts], np.int32), ("checkpoint",)),
        "recall": Field(np.array(means, np.float32), ("memory", "checkpoint"), "%"),
    }


def _compare(
    config: EvolutionConfig,
    table: list[dict[str, object]],
    recall: np.ndarray,
    shown: str,
    metrics: dict[str, float | int | str],
) -> None:
    """Each trial against the paper's way, and the one shown against no evolution, in points."""
    names = [row["name"] for row in table]

    def paired(one: int, other: int) -> tuple[float, float, float]:
        gain = recall[one].astype(np.float64) - recall[other]
        low, high = bootstrap(gain, rng(config.seed, "memory_graph", "evolution"), config.resamples)
        return float(gain.mean()), float(low), float(high)

    at, before, paper = (names.index(name) for name in (shown, BEFORE, PAPER))
    for i, row in enumerate(table):
        row["recall"] = float(recall[i].mean())
        row["difference"], row["low"], row["high"] = paired(i, paper)
    metrics["recall before"] = float(recall[before].mean())
    metrics["recall after"] = float(recall[at].mean())
    metrics["difference"], metrics["low"], metrics["high"] = paired(at, before)
    metrics["questions changed"] = int((recall[at] != recall[before]).sum())
