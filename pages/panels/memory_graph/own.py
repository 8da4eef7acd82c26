"""View 8: a memory of one's own documents, to walk, to search, to keep and to change."""

from __future__ import annotations

import streamlit as st

from engine.core import EngramError, Lab, Result
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.views.overview import describe_groups, draw_sizes, group_table
from pages.kit import (
    View,
    complain,
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
from pages.panels.memory_graph.language import Language, language_model
from pages.panels.memory_graph.own_facts import show_facts
from pages.panels.memory_graph.own_keep import show_keep
from pages.panels.memory_graph.own_map import AT, GROUP, map_of
from pages.panels.memory_graph.own_memory import KEPT, Own, follow_kept, opened
from pages.panels.memory_graph.own_reading import show_reading
from pages.panels.memory_graph.own_search import found, search_box
from pages.panels.memory_graph.scene import MEMORY, left_out

SEEN = "#memory_graph.seen"


def own_settings(lab: Lab) -> tuple[Own, Language | None]:
    """The memory, how fine its communities are, and who may read it."""
    experiment = lab.experiment("overview")
    kept = follow_kept(lab, experiment)
    files = form(lab, experiment, fields=MEMORY)
    own = Own(lab, experiment, kept)
    _begin_anew(str(files.model_dump()["corpus"]), kept)
    if kept:
        st.caption(f"Open: the kept memory **{plain(own.label)}**")
        st.button("Close it", on_click=select, args=(KEPT, ""), type="tertiary")
    # Facts from elsewhere: a file, or what another reader of these passages put into this field.
    form(lab, experiment, fields=("triples",))
    form(lab, experiment, fields=("grain", "seed"))
    return own, language_model()


def _begin_anew(corpus: str, kept: str) -> None:
    """What was chosen on one map means nothing on another; a kept memory keeps its notes' ids."""
    held, now = st.session_state.get(SEEN), (corpus, kept)
    st.session_state[SEEN] = now
    if held is None or held[0] == corpus:
        return
    select(GROUP, -1)
    if not kept or held[1] != kept:
        select(AT, "")


def show_own(chosen: tuple[Own, Language | None]) -> None:
    """Communities, search, what lies around a note or a name, and the memory to keep."""
    own, language = chosen
    section(
        "Your memory",
        "Bring notes, papers or a chat on the left: names join them, and communities show what "
        "they are about. Click one to see its members, or search.",
    )
    config = form(own.lab, own.experiment, fields=())
    obtained = obtain(own.lab, own.experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    # A kept memory belongs to its own map and to no other that is still shown.
    here = own if obtained.fresh else Own(own.lab, own.experiment, "")
    left_out(result)
    try:
        memory = opened(here, obtained.config, result)
    except EngramError as error:
        complain(error)
        return
    _walk(here, result, memory)
    figure = draw_sizes(result, palette())
    show(
        figure, "memory_graph_groups", figure.layout.meta["alt"], export=lambda: group_table(result)
    )
    show_keep(here, obtained, memory)
    show_facts(here, language, result, memory)
    explain(
        own.lab,
        "Your memory",
        modularity=result.number("modularity"),
        communities=int(result.number("communities")),
        grain=float(obtained.config.model_dump()["grain"]),
        **of_chance(result),
    )
    take_away(own.lab, own.experiment, obtained)


def of_chance(result: Result) -> dict[str, float | int]:
    """What random links reach, in the words that one graph or several call for."""
    draws = int(result.number("null_draws"))
    if draws == 1:
        return {"null_single": result.number("null_mean")}
    names = ("null_low", "null_high") if draws else ()
    return {"null_draws": draws, **{name: result.number(name) for name in names}}


@st.fragment
def _walk(own: Own, result: Result, memory: Memory) -> None:
    """What changes with every key and click, alone: the rest of the page need not run again."""
    say(own.lab, describe_groups(result))
    try:
        hits = found(memory)
        search_box(result, hits)
        map_of(result, memory, hits)
        if linked(AT, ""):
            show_reading(memory)
    except EngramError as error:
        complain(error)


VIEW = View("Your memory", own_settings, show_own)
