"""View: the same text through every model, in lanes that are played in step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from engine.core import BadInput, Lab, Result
from engine.labs.motion.config.lanes import LanesConfig
from engine.labs.motion.references import Reference
from engine.labs.motion.shipped import cards
from engine.labs.motion.views.cards import credit_lines
from engine.labs.motion.views.goals import describe_speed
from engine.labs.motion.views.lanes import (
    Shown,
    curve_table,
    draw_jerk,
    figure_table,
    lane_stage,
    models_of,
    reference_of,
)
from engine.labs.motion.views.lanes_asked import asked_table, describe_asked
from engine.labs.motion.views.lanes_words import (
    describe_cost,
    describe_feet,
    describe_lanes,
    describe_missing,
    describe_reading,
    describe_smooth,
)
from pages.kit import (
    View,
    badge,
    complain,
    explain,
    linked,
    palette,
    plain,
    say,
    show,
    show_skeletons,
    take_away,
)
from pages.kit.asked import Asked, asked, begin
from pages.panels.motion.lanes_beside import choose_reference
from pages.panels.motion.lanes_nearest import show_nearest
from pages.panels.motion.lanes_tables import show_cards, show_goals, show_published
from pages.panels.motion.lanes_text import offer_texts, say_unknown, show_pairs
from pages.panels.motion.lanes_vote import blind, show_vote
from pages.panels.motion.scene import FRAME, choose_frame
from pages.panels.motion.tables import show_rows


@dataclass(frozen=True)
class Scene:
    """What is asked of the models, and the clip that is played beside them."""

    asked: Asked
    reference: Reference | None


def lanes_settings(lab: Lab) -> Scene:
    """The text and how it is sampled, then the reference clip."""
    scene = asked(lab, "lanes")
    config = scene.config
    assert isinstance(config, LanesConfig)
    return Scene(scene, choose_reference(config.text))


def show_lanes(scene: Scene) -> None:
    """The lanes, what was measured of them, and what is known of the models."""
    given = scene.asked
    assert isinstance(given.config, LanesConfig)
    found = begin(
        given,
        "Four lanes",
        "One text, one seed, one camera. What a curve shows below a lane is measured on the motion "
        "above it.",
    )
    offer_texts(given.lab)
    say_unknown(given.config.text)
    if found is None:
        return
    obtained, result = found
    models = models_of(result)
    if blind(len(models)) and not show_vote(given, result, models):
        return
    shown = [*_beside(scene.reference, result), *models]
    stage = lane_stage(shown, describe_lanes(result, shown))
    frame = linked(FRAME, 0, low=0, high=stage.frames - 1)
    show_skeletons(stage, "motion_lanes", frame=frame, on_select=choose_frame, height=380)
    _origin(given.lab, result, scene.reference)
    say(given.lab, describe_asked(result.notes["text"], shown))
    show_rows(
        asked_table(result.notes["text"], shown),
        "What was asked for beside what each motion does, and how its feet skate.",
    )
    for words in _sentences(result, shown):
        say(given.lab, words)
    level = result.number("real_jerk")
    words = describe_smooth(shown, level)
    show(
        draw_jerk(shown, level, palette(), frame=frame, alt=words),
        "motion_lanes_jerk",
        words,
        export=lambda: curve_table(shown),
    )
    show_rows(figure_table(shown, result), "What was measured of every motion.")
    st.caption("One text and one seed decide nothing between models: the cards below do.")
    show_nearest(given.lab, shown)
    show_pairs(given.lab)
    show_cards(given.lab)
    show_goals(given.lab)
    show_published(given.lab)
    explain(given.lab, "Measures")
    explain(given.lab, "The lanes")
    take_away(given.lab, given.experiment, obtained)


def _beside(reference: Reference | None, result: Result) -> list[Shown]:
    if reference is None:
        return []
    try:
        return [reference_of(reference, result)]
    except BadInput as error:
        complain(error)
        return []


def _sentences(result: Result, shown: Sequence[Shown]) -> list[str]:
    reading = describe_reading(result.notes["taken"], result.notes["unknown"], result.notes["cut"])
    told = [
        *reading,
        describe_smooth(shown, result.number("real_jerk")),
        describe_feet(shown),
        describe_cost(result),
        describe_speed(result),
        describe_missing(result),
    ]
    return [words for words in told if words]


def _origin(lab: Lab, result: Result, reference: Reference | None) -> None:
    """Whose motion this is, and under which terms it may be shown."""
    with st.container(horizontal=True, gap="small", key="motion-lanes-badges"):
        badge(
            "re-implementation, small data",
            "assumed",
            "Small networks that this repository trained after the papers' descriptions; nobody's "
            "published weights.",
        )
        badge(f"text: {result.notes['text'][:60]}", "measured")
    if reference is not None:
        st.caption(f"{reference.name}: {plain(reference.told)}")
    for line in credit_lines(cards()):
        st.caption(plain(line))


VIEW = View("Four lanes", lanes_settings, show_lanes)
