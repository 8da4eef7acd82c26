"""View 4: a dated memory day by day, under three forgetting formulas side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from engine.core import Config, Lab, Result
from engine.labs.memory_graph.views.forgetting import (
    describe_alive,
    draw_alive,
    gone_between,
    memory_table,
)
from engine.labs.memory_graph.views.season import (
    NAMES,
    NEVER,
    OWNERS,
    day_of,
    describe_recalls,
    formulas,
    frame_days,
    long_name,
    recalls_of,
    telling_frame,
    telling_memory,
)
from pages.kit import (
    View,
    choose,
    explain,
    form,
    linked,
    obtain,
    palette,
    plain,
    say,
    section,
    select,
    show,
    take_away,
)
from pages.kit.components.graph import ABSENT, GHOST, THERE, EdgeKind, NodeKind, graph
from pages.panels.memory_graph.forgetting_compare import show_compare
from pages.panels.memory_graph.forgetting_curves import show_curves
from pages.panels.memory_graph.forgetting_probes import show_probes
from pages.panels.memory_graph.scene import MEMORY, left_out

DAY = "memory_graph.day"
NODE = "memory_graph.memory"
FORMULA = "memory_graph.formula"
LISTED = 5
READABLE_CELLS = 200_000


@dataclass(frozen=True)
class Season:
    """The lab and what was asked of its memory's season."""

    lab: Lab
    config: Config


def forgetting_settings(lab: Lab) -> Season:
    """The memory, what recalls it, and how it forgets."""
    experiment = lab.experiment("forgetting")
    before = form(lab, experiment, fields=MEMORY)
    _new_memory(before)
    with st.container(horizontal=True):
        form(lab, experiment, fields=("questions", "vectors"))
    recalls = form(lab, experiment, fields=("recalled_by",))
    asked = ("asked_per_day",) if getattr(recalls, "recalled_by", "") == "questions" else ()
    rule = form(lab, experiment, fields=(*asked, "found_k", "evidence", "forget_by"))
    chance = getattr(rule, "forget_by", "") == "chance"
    how = ("draws", "every_load") if chance else ("least_retention",)
    return Season(lab, form(lab, experiment, fields=(*how, "ask", "probes", "days_after", "seed")))


def show_forgetting(season: Season) -> None:
    """The map with its days, what is left, what went today, and what cannot be answered."""
    section(
        "What is forgotten, and when",
        "Drag the date, or press Play. A memory shrinks as its retention falls and is whole again "
        "when it is recalled; a hollow ring is a ghost: forgotten.",
    )
    experiment = season.lab.experiment("forgetting")
    obtained = obtain(season.lab, experiment, season.config)
    if obtained.result is None:
        return
    result = obtained.result
    names = {formula: long_name(formula) for formula in formulas(result)}
    formula = choose("Formula", names, FORMULA, default="corrected", width="stretch")
    frame = _frame(result)
    day = int(result.array("frame")[frame])
    memory = _memory(result)
    say(season.lab, f"{describe_alive(result, day)} {describe_recalls(result)}")
    _map(result, formula, frame, memory)
    _chosen(result, formula, memory)
    left_out(result)
    figure = draw_alive(result, palette(), day=day)
    show(figure, "memory_graph_alive", figure.layout.meta["alt"], export=lambda: _alive(result))
    _today(result, formula, frame)
    show_curves(result, formula, memory, day, choose_cell=_choose_cell)
    show_probes(season.lab, result, day)
    show_compare(result, frame)
    explain(
        season.lab,
        "Forgetting",
        memories=int(result.number("memories")),
        days=int(result.number("days")),
        closeness=result.notes["closeness"],
        **{
            f"{name}_alive": f"{result.number(f'mean_alive_{name}'):.1f}"
            for name in formulas(result)
        },
    )
    take_away(season.lab, experiment, obtained)


def _new_memory(files: Config) -> None:
    """A day, a memory or a question of one memory means nothing in the next."""
    held, now = st.session_state.get("#forgetting"), getattr(files, "corpus", "")
    st.session_state["#forgetting"] = now
    if held is not None and held != now:
        for key, value in ((DAY, ""), (NODE, -1), ("memory_graph.probe", 0)):
            select(key, value)


def _frame(result: Result) -> int:
    """The chosen day as a frame; without a choice the day on which the formulas differ most."""
    days = frame_days(result)
    day = linked(DAY, "", options=["", *days])
    return days.index(day) if day else telling_frame(result)


def _memory(result: Result) -> int:
    chosen = linked(NODE, -1, low=-1, high=len(result.array("born")) - 1)
    return telling_memory(result) if chosen < 0 else chosen


def _choose_cell(result: Result, memory: int, frame: int) -> None:
    select(NODE, memory)
    select(DAY, frame_days(result)[frame])


def _map(result: Result, formula: str, frame: int, memory: int) -> None:
    index = formulas(result).index(formula)
    there = result.array("there")[index].astype(np.float32)  # frame memory
    written = result.array("frame")[:, None] >= result.array("born")[None]
    presence = np.where(there > 0.5, THERE, np.where(written, GHOST, ABSENT))
    chance = result.notes["forget_by"] == "chance"
    kept = result.array("retention")[index].astype(np.float32)
    weight = there if chance else kept
    readouts = {}
    if weight.size <= READABLE_CELLS:
        readouts = {"retention": (kept, "1")}
        if chance:
            readouts["there in draws"] = (np.round(100 * there), "%")
    colours = palette()
    days = frame_days(result)
    graph(
        result.array("xy"),
        result.array("edges"),
        key="memory_graph_season",
        palette=colours,
        title=f"The memory, {NAMES[formula].lower()}",
        labels=result.notes["labels"],
        kinds=[NodeKind("memory", colours.category(index))],
        edge_kinds=[EdgeKind("alike", colours.muted)],
        weight=np.where(presence == THERE, weight, 0.0),
        presence=presence,
        ghost_name="forgotten",
        frame_names=days,
        frame_title="Date",
        frame=frame,
        on_frame=lambda at: select(DAY, days[at]),
        # A long season is played faster, so that it ends.
        frame_seconds=float(np.clip(20 / len(days), 0.08, 0.9)),
        readouts=readouts,
        selected=(memory,),
        on_select=lambda nodes: select(NODE, nodes[0] if nodes else -1),
        # Few large discs or many small ones.
        radii=(2.0, float(np.clip(11 * np.sqrt(150 / len(written[0])), 4.5, 11))),
        height=520,
        alt=describe_alive(result, int(result.array("frame")[frame])),
    )
    part = ""
    if result.number("shown") < result.number("memories"):
        part = (
            f" The map shows {int(result.number('shown')):,} of "
            f"{int(result.number('memories')):,} memories, a seeded part that holds the gold of "
            "the probing questions; the counts are of all."
        )
    if len(days) < result.number("days"):
        part += f" It has {len(days)} of {int(result.number('days')):,} days."
    size = "retention"
    if chance:
        size = "share of draws in which it is there; hollow: forgotten in at least half of them"
    st.caption(
        f"Size: {size}. Lines join memories that are alike by {result.notes['closeness']}.{part}"
    )


def _chosen(result: Result, formula: str, memory: int) -> None:
    """The text of the chosen memory and what became of it."""
    passage = result.notes["passages"][memory]
    index = formulas(result).index(formula)
    gone = int(result.array("gone")[index, memory])
    fate = "never forgotten" if gone == NEVER else f"forgotten on {day_of(result, gone)}"
    recalls = recalls_of(result, index)[memory]
    with st.container(border=True):
        st.markdown(f"**{plain(result.notes['labels'][memory])}**")
        st.text(passage["text"])
        st.caption(
            f"Written on {day_of(result, result.array('born')[memory])}; under {OWNERS[formula]} "
            f"recalled {recalls:.3g} times and {fate}."
        )


def _today(result: Result, formula: str, frame: int) -> None:
    """What went since the frame before, with its text, and all ghosts as a table."""
    frames = result.array("frame")
    day, before = int(frames[frame]), int(frames[frame - 1]) if frame else -1
    gone = gone_between(result, formula, before, day)
    ghosts = gone_between(result, formula, -1, day)
    st.subheader(f"Forgotten on {day_of(result, day)}", anchor=False)
    if not gone:
        st.markdown(f"Nothing is forgotten on this day under {OWNERS[formula]}.")
    for memory in gone[:LISTED]:
        written = day_of(result, result.array("born")[memory])
        with st.expander(f"{plain(result.notes['labels'][memory])} ({written})"):
            st.text(result.notes["passages"][memory]["text"])
    if len(gone) > LISTED:
        st.caption(f"and {len(gone) - LISTED} more, in the list below")
    if ghosts:
        with st.expander(f"All {len(ghosts):,} that are forgotten by now"):
            st.dataframe(
                memory_table(result, formula, ghosts), hide_index=True, width="stretch", height=320
            )


def _alive(result: Result) -> dict[str, object]:
    days = range(int(result.number("days")))
    table: dict[str, object] = {
        "date": [day_of(result, day) for day in days],
        "written": result.array("written"),
    }
    for i, formula in enumerate(formulas(result)):
        for draw, row in enumerate(result.array("alive")[i]):
            table[formula if len(result.array("alive")[i]) == 1 else f"{formula} {draw}"] = row
    return table


VIEW = View("Forgetting", forgetting_settings, show_forgetting)
