"""The clip that two views look at: its settings, where it is from, its credit, the player."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.motion.choices import has_recordings
from engine.labs.motion.config.clip import GENERATED, ClipConfig
from engine.labs.motion.skeleton import JOINTS
from engine.labs.motion.training.card import CREDITS
from engine.labs.motion.views.floor import NO_JOINT, clip_stage
from engine.labs.motion.views.floor_words import describe_source
from pages.kit import badge, field_key, form, linked, plain, select, show_skeletons
from pages.kit.asked import Asked
from pages.kit.components.sync import UNSET

FRAME, JOINT = "motion.frame", "motion.joint"
NOWHERE = -1
FIELDS = {
    "model": GENERATED,
    "file": ("motion_file", "repair"),
    "recorded": ("recording", "data"),
}


def clip_settings(lab: Lab) -> Asked:
    """Where the clip is from, and then only what that asks for."""
    experiment = lab.experiment("clip")
    form(lab, experiment, fields=("clip_from",))
    chosen = st.session_state.get(field_key(lab, experiment, "clip_from"))
    fields = FIELDS.get(str(chosen), GENERATED)
    if chosen == "recorded" and not has_recordings():
        st.caption("There is no folder of recordings here; name one of your own.")
    config = form(lab, experiment, fields=fields)
    return Asked(lab, experiment, config)


def show_source(scene: Asked, result: Result) -> None:
    """What the clip is, with the credit of the data that it comes from."""
    assert isinstance(scene.config, ClipConfig)
    if result.notes["kind"] == "model":
        badge("generated", "synthetic", "A re-implementation on a small set of recordings.")
    st.caption(plain(describe_source(result)))
    if result.notes["kind"] == "model" or scene.config.clip_from == "recorded":
        st.caption(" ".join(plain(words) for words in CREDITS.values()))


def chosen_frame(result: Result) -> int | None:
    """The frame that was chosen anywhere on the page, None before a choice."""
    last = len(result.array("positions")) - 1
    frame = linked(FRAME, NOWHERE, low=NOWHERE, high=last)
    return None if frame == NOWHERE else frame


def chosen_joint() -> int:
    """The joint that was chosen, NO_JOINT before a choice."""
    return linked(JOINT, NO_JOINT, low=NO_JOINT, high=len(JOINTS) - 1)


def play(result: Result, key: str) -> None:
    """The viewer; its playhead and the page's chosen frame follow each other."""
    frame = chosen_frame(result)

    def chosen(place: tuple[int, int] | None) -> None:
        select(FRAME, NOWHERE if place is None else place[1])

    show_skeletons(
        clip_stage(result, joint=chosen_joint()),
        key,
        frame=UNSET if frame is None else frame,
        on_select=chosen,
    )
