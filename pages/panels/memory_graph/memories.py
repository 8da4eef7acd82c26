"""Memories side by side: what every retriever and every memory finds, by category."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from engine.core import Config, Lab, Result
from engine.labs.memory_graph.config import Files
from engine.labs.memory_graph.views.memories import (
    category_names,
    describe_changes,
    describe_methods,
    draw_changes,
    draw_methods,
    draw_table,
    recall_table,
)
from pages.kit import View, choose, explain, form, obtain, palette, say, section, show, take_away
from pages.panels.memory_graph.scene import (
    FILES,
    MEMORY,
    WALK,
    left_out,
    offered_questions,
    show_without_gold,
)

FADING = ("bank_recalled_by", "days_later", "least_retention")
PARTS = ("buckets", "probes", "longest_event")
SETTINGS = ("observations", *FADING, *PARTS, *(name for name in WALK if name != "method"))
# What a bank lived through before it was asked.
RECALLS = {
    "entries": "Before that it lives through the days of the notes: each new note recalls the 6 "
    "notes of earlier days nearest to it that are still there.",
    "nothing": "Here no note was ever recalled.",
}


@dataclass(frozen=True)
class ContestScene:
    """The lab and the contest's settings."""

    lab: Lab
    config: Config


def contest_settings(lab: Lab) -> ContestScene | None:
    """The memory, its files, and what the memories do with it."""
    experiment = lab.experiment("memories")
    form(lab, experiment, fields=MEMORY)
    with st.container(horizontal=True):
        files = form(lab, experiment, fields=FILES)
    assert isinstance(files, Files)
    if not offered_questions(files):
        return None
    return ContestScene(lab, form(lab, experiment, fields=SETTINGS))


def show_memories(scene: ContestScene | None) -> None:
    """Everybody in one category, what a memory's own acts do, and everybody by category."""
    if scene is None:
        show_without_gold()
        return
    section(
        "Memories side by side",
        "The same questions to everybody: how much of the evidence is among the first few? Choose "
        "a category, and see what evolution, forgetting and buckets cost or bring.",
    )
    experiment = scene.lab.experiment("memories")
    obtained = obtain(scene.lab, experiment, scene.config)
    if obtained.result is None:
        return
    result = obtained.result
    names = category_names(result)
    with st.container(horizontal=True):
        category = int(
            choose(
                "Category",
                {str(i): name for i, name in enumerate(names)},
                "memory_graph.category",
                menu=True,
            )
        )
        cutoffs = {str(i): f"first {k}" for i, k in enumerate(result.notes["cutoffs"])}
        cutoff = int(choose("Places", cutoffs, "memory_graph.cutoff"))
    say(scene.lab, describe_methods(result, category, cutoff))
    show(
        draw_methods(result, palette(), category=category, cutoff=cutoff),
        "memory_graph_methods",
        describe_methods(result, category, cutoff),
        export=lambda: recall_table(result),
    )
    section("What a memory does to what it finds")
    say(scene.lab, describe_changes(result, category, cutoff))
    show(
        draw_changes(result, palette(), category=category, cutoff=cutoff),
        "memory_graph_changes",
        describe_changes(result, category, cutoff),
        export=lambda: {
            "change": [title for _, _, title in result.notes["pairs"]],
            "before": [before for before, _, _ in result.notes["pairs"]],
            "after": [after for _, after, _ in result.notes["pairs"]],
            "points": result.array("difference")[:, category, cutoff],
            "low": result.array("difference_interval")[:, category, cutoff, 0],
            "high": result.array("difference_interval")[:, category, cutoff, 1],
        },
    )
    _remarks(scene.lab, result)
    section("By category")
    figure = draw_table(result, palette(), cutoff=cutoff)
    show(
        figure,
        "memory_graph_categories",
        figure.layout.meta["alt"],
        export=lambda: recall_table(result),
    )
    left_out(result)
    explain(scene.lab, "Memories", **_numbers(result))
    take_away(scene.lab, experiment, obtained)


def _remarks(lab: Lab, result: Result) -> None:
    """Who is not there, and what a memory did not do."""
    told = list(result.notes["absent"])
    methods = result.notes["methods"]
    if not result.array("changes")[methods.index("amem-evolved")]:
        told.append(
            "A-MEM linked and rewrote nothing: by its rules no two notes here are alike enough."
        )
    for sentence in told:
        st.caption(sentence)


def _numbers(result: Result) -> dict[str, str]:
    methods, alive = result.notes["methods"], result.array("alive")
    changes = int(result.array("changes")[methods.index("amem-evolved")])
    found = {"changes": f"{changes:,}", "notes": f"{int(result.number('notes')):,}"}
    if "bank-paper" in methods:
        for formula in ("paper", "code", "corrected"):
            share = 100 * alive[methods.index(f"bank-{formula}")]
            found[f"alive_{formula}"] = f"{share:.1f}"
        found["last_day"] = max(result.notes["last_days"])
        found["recalls"] = RECALLS[result.notes["bank_recalled_by"]]
    return found


VIEW = View("Memories side by side", contest_settings, show_memories)
