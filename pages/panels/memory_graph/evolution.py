"""View 5: A-MEM grown note by note, what each arrival rewrites, and what that does to recall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from engine.core import Lab, Result
from engine.labs.memory_graph.config import EvolutionConfig
from engine.labs.memory_graph.views.evolution import (
    describe_growth,
    summary,
)
from engine.labs.memory_graph.views.evolution_step import (
    busiest_step,
    changed_notes,
    frame_names,
    links_so_far,
    most_changed,
)
from pages.kit import (
    View,
    badge,
    explain,
    field_key,
    form,
    linked,
    obtain,
    palette,
    plain,
    say,
    section,
    select,
    take_away,
)
from pages.kit.components.graph import EdgeKind, NodeKind, graph
from pages.panels.memory_graph.evolution_curves import show_growth, show_recall
from pages.panels.memory_graph.evolution_step import show_note, show_step
from pages.panels.memory_graph.evolution_switches import show_switches
from pages.panels.memory_graph.scene import MEMORY, left_out, new_memory, pick

ARRIVAL = "memory_graph.arrival"
NOTE = "memory_graph.note"
CHOSEN_IN = "#evolution-of"
RULES = ("neighbours", "link_from", "link_named_from", "rewrite_from", "rebuild_every")
SWITCHES = ("index_without_content", "ranks_as_positions", "unwritten_history", "follow_links")
MEASURES = ("evidence_at", "measure_every", "resamples", "seed")


@dataclass(frozen=True)
class Scene:
    """The lab and the settings of the run."""

    lab: Lab
    config: EvolutionConfig


def evolution_settings(lab: Lab) -> Scene:
    """The memory, the rules, the switches and how recall is measured."""
    experiment = lab.experiment("evolution")
    new_memory(lab, form(lab, experiment, fields=MEMORY))
    with st.container(horizontal=True):
        form(lab, experiment, fields=("questions",))
    config = form(lab, experiment, fields=("ask", "notes", *RULES, *SWITCHES, *MEASURES))
    assert isinstance(config, EvolutionConfig)
    return Scene(lab, config)


def show_evolution(scene: Scene) -> None:
    """The growing map, the step on it, a note's history, growth, recall and the switches."""
    section(
        "A-MEM: a new note rewrites old ones",
        "Notes come one by one. Each is linked to notes that are near, and may change their tags "
        "and contexts. Play it, or drag the slider; click a note for its history.",
    )
    experiment = scene.lab.experiment("evolution")
    conversation = field_key(scene.lab, experiment, "conversation")
    linked(conversation, 0, low=0)
    obtained = obtain(scene.lab, experiment, form(scene.lab, experiment, fields=()))
    if obtained.result is None:
        return
    result, config = obtained.result, obtained.config
    assert isinstance(config, EvolutionConfig)
    _whose(result, conversation, config)
    say(scene.lab, summary(result, config.evidence_at))
    steps = int(result.number("notes"))
    own = _chosen_here(config, obtained.fresh)
    step, note = busiest_step(result), most_changed(result)
    if own:
        step = linked(ARRIVAL, step, low=0, high=steps - 1)
        note = linked(NOTE, note, low=-1, high=steps - 1)
    _map(result, step, note)
    if own:
        _jumps(result, step)
    show_step(scene.lab, result, step)
    if own:
        show_note(scene.lab, result, step, note, NOTE)
    show_growth(result, step)
    show_recall(result, config, step)
    show_switches(scene.lab, result, config.evidence_at)
    explain(
        scene.lab,
        "Evolution",
        notes=steps,
        links=int(result.number("links")),
        changed=int(result.number("changed notes")),
        k=config.neighbours,
        rewrite_from=config.rewrite_from,
    )
    left_out(result)
    take_away(scene.lab, experiment, obtained)


def _chosen_here(config: EvolutionConfig, fresh: bool) -> bool:
    """Whether the chosen step and note are of the memory shown; they begin anew in another one.

    While a memory is being computed, the one shown before stands in: its steps are not those of
    the link.
    """
    memory, held = (config.corpus, config.conversation), st.session_state.get(CHOSEN_IN)
    if fresh:
        if held not in (None, memory):
            for key in (ARRIVAL, NOTE):
                st.session_state.pop(key, None)
                st.query_params.pop(key, None)
        st.session_state[CHOSEN_IN] = memory
    return fresh or held == memory


def _whose(result: Result, key: str, config: EvolutionConfig) -> None:
    """Who decides, which conversation, and what was not taken."""
    analyst = str(result.notes["analyst"])
    offline = analyst == "rule-based"
    badge(
        "rule-based analyst, no language model" if offline else f"analyst: {analyst}",
        "assumed" if offline else "measured",
        "A-MEM asks a language model to describe notes and to decide; here rules do, by the "
        "cosine of word vectors (TF-IDF) and shared names"
        if offline
        else None,
    )
    conversations = result.notes["conversations"]
    if len(conversations) > 1:
        pick(
            "Conversation",
            key,
            0,
            list(range(len(conversations))),
            lambda i: f"{i + 1}. {conversations[i]}",
        )
    told = []
    taken, of = int(result.number("notes")), int(result.number("notes before the cap"))
    if taken < of:
        told.append(f"The first {taken} of {of} passages are taken (Notes taken: {config.notes}).")
    if not result.notes["dated"]:
        told.append("Not every passage has a date: the order of the file is the order of arrival.")
    if beyond := int(result.number("questions out of reach")):
        told.append(f"{beyond} questions ask for passages that were not taken and are left out.")
    for sentence in told:
        st.caption(plain(sentence))


def _map(result: Result, step: int, note: int) -> None:
    colours = palette()
    links = result.array("link")
    changed = changed_notes(result)
    total = np.bincount([i for row in changed for i in row], minlength=len(changed))
    degree = links_so_far(result)

    def choose_note(nodes: tuple[int, ...]) -> None:
        select(NOTE, nodes[0] if nodes else -1)

    graph(
        result.array("xy"),
        links,
        key="memory_graph_evolution",
        palette=colours,
        title="The memory as it grows",
        labels=result.notes["labels"],
        kinds=[NodeKind("note", colours.category(0))],
        edge_kinds=[EdgeKind("link", colours.muted)],
        fresh=EdgeKind("new link", colours.good.colour, (6, 4)),
        born=np.arange(len(changed)),
        edge_born=links[:, 0],
        weight=degree,
        frame_names=frame_names(result),
        frame_title="The note that comes",
        frame=step,
        on_frame=lambda frame: select(ARRIVAL, frame),
        marked=changed,
        marked_name="changed by this step",
        readouts={"links at the end": (degree[-1], "1"), "times changed": (total, "1")},
        selected=(note,) if note >= 0 else (),
        on_select=choose_note,
        radii=(3.0, 13.0),
        height=520,
        alt=describe_growth(result),
    )
    st.caption(
        "A note lies near notes with similar words; its place never changes. Larger: more links so "
        "far. Pale: not there yet."
    )


def _jumps(result: Result, step: int) -> None:
    """To the steps before and behind that changed an older note."""
    busy = np.flatnonzero(result.array("notes_changed")).tolist()
    earlier = [at for at in busy if at < step]
    later = [at for at in busy if at > step]
    with st.container(horizontal=True):
        for label, icon, found in (
            ("Previous change", ":material/skip_previous:", earlier[-1:]),
            ("Next change", ":material/skip_next:", later[:1]),
        ):
            st.button(
                label,
                icon=icon,
                key=f"{ARRIVAL}#{label}",
                disabled=not found,
                on_click=select,
                args=(ARRIVAL, found[0] if found else step),
            )


VIEW = View("Evolution", evolution_settings, show_evolution)
