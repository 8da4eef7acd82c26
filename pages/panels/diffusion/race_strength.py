"""The mitigation race from weak to strong: one slider for each method."""

from __future__ import annotations

import streamlit as st

from engine.core import Result
from engine.labs.diffusion.mitigate.names import SWEPT
from engine.labs.diffusion.views.race_measures import has_scenes
from engine.labs.diffusion.views.race_words import describe_plain
from engine.labs.diffusion.views.strength import (
    cells,
    describe_strength,
    describe_tradeoff,
    draw_strength,
    draw_tradeoff,
    strength_grid,
    strength_scenes,
    strength_table,
    swept,
    values,
)
from pages.kit import (
    choose,
    linked,
    palette,
    say,
    select,
    show,
    show_pictures,
    take_away,
)
from pages.kit.asked import Asked, begin

METHOD = "diffusion.strength_method"
LEVEL = "diffusion.strength_level"


def show_strength(scene: Asked) -> None:
    """Trade-off curves of all methods, then one method at one strength."""
    found = begin(
        scene,
        "From weak to strong",
        "Each method at several strengths: where does it begin to hide copies, and where to spoil "
        "scenes?",
    )
    if found is None:
        return
    obtained, result = found
    name = choose("Method", swept(result), METHOD)
    at = _level(result, name)
    if has_scenes(result):
        show(
            draw_tradeoff(result, palette(), selected=at),
            "diffusion_tradeoff",
            describe_tradeoff(result),
            export=lambda: strength_table(result),
        )
        say(scene.lab, describe_tradeoff(result))
    say(scene.lab, describe_plain(result))
    show(
        draw_strength(result, palette(), name, selected=at),
        "diffusion_strength",
        describe_strength(result, name),
        export=lambda: strength_table(result),
    )
    say(scene.lab, describe_strength(result, name))
    show_pictures(strength_grid(result, at), "diffusion_strength_grid")
    if has_scenes(result):
        show_pictures(strength_scenes(result, at), "diffusion_strength_scenes")
    take_away(scene.lab, scene.experiment, obtained)


def _level(result: Result, name: str) -> int:
    """The cell of the chosen strength; the last of the method where nobody chose."""
    offered = values(result, name)
    level = linked(LEVEL, len(offered) - 1, low=0, high=len(offered) - 1)
    if len(offered) > 1:
        widget = f"{LEVEL}#{name}"
        st.session_state[widget] = offered[level]
        st.select_slider(
            SWEPT[name][1].capitalize(),
            offered,
            format_func=lambda value: f"{value:g}",
            key=widget,
            on_change=lambda: select(LEVEL, offered.index(st.session_state[widget])),
        )
    return cells(result, name)[level]
