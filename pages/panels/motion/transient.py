"""View: a persistent and a transient channel on a toy scene, and what the second one is worth."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.motion.views.claims import duality_claims
from engine.labs.motion.views.transient import (
    draw_errors,
    draw_states,
    draw_switch,
    error_table,
    scene_stage,
)
from engine.labs.motion.views.transient_words import (
    describe_figures,
    describe_forecast,
    describe_switch,
    figure_rows,
    read_card,
)
from pages.kit import (
    View,
    badge,
    explain,
    palette,
    plain,
    say,
    section,
    show,
    show_claims,
    show_skeletons,
    take_away,
)
from pages.kit.asked import Asked, begin, settings
from pages.panels.motion.tables import show_rows


def show_transient(scene: Asked) -> None:
    """The scene with both forecasts, the switch, the errors, and three seeds of each."""
    found = begin(
        scene,
        "Two channels",
        "Somebody walks to a box, takes it, carries it and puts it down. One network plans with a "
        "persistent state and opens a transient one for the hand; the other has no second state.",
    )
    if found is None:
        return
    obtained, result = found
    with st.container(horizontal=True, gap="small", key="motion-transient-badges"):
        badge("toy scenes, made by a plan", "synthetic", "No recording, no data set of a paper.")
        badge("after an abstract and a caption", "assumed",
              "The paper's full text was not at hand: sizes and losses are ours.")  # fmt: skip
    show_skeletons(scene_stage(result), "motion_transient", height=340)
    say(scene.lab, describe_forecast(result))
    for place, draw, key in zip(
        st.columns(2, gap="large"),
        (draw_switch, draw_states),
        ("motion_transient_switch", "motion_transient_states"),
        strict=True,
    ):
        with place:
            figure = draw(result, palette())
            show(figure, key, figure.layout.meta["alt"], export=lambda: _switch(result))
    say(scene.lab, describe_switch(result))
    for place, part in zip(st.columns(3, gap="medium"), result.notes["parts"], strict=True):
        with place:
            show(draw_errors(result, palette(), part), f"motion_transient_{part}",
                 describe_forecast(result), export=lambda: error_table(result))  # fmt: skip
    _figures(scene.lab)
    explain(scene.lab, "Two channels")
    take_away(scene.lab, scene.experiment, obtained)


def _figures(lab: Lab) -> None:
    section("With and without the transient channel", "Unseen scenes, two seconds ahead.")
    card = read_card()
    badge("measured here", "measured", f"{card['held_out']} scenes, {card['seeds']} seeds.")
    show_rows(figure_rows(card["figures"]), "Errors of both networks on unseen scenes.")
    for words in describe_figures(card["figures"], card["parameters"]):
        say(lab, words)
    st.caption(
        plain(
            f"{card['scenes']} scenes, {card['steps']} steps, {card['cpu_seconds']} CPU seconds in "
            "all. The paper's own figures were not at hand, and none could be compared with these."
        )
    )
    show_claims(duality_claims())


def _switch(result: Result) -> dict[str, object]:
    return {
        "switch": result.array("switch"),
        "contact": result.array("contact"),
        "persistent norm": result.array("states")[:, 0],
        "transient norm": result.array("states")[:, 1],
    }


VIEW = View("Two channels", settings("transient"), show_transient)
