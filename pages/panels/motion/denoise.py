"""View: one clip at every step of its sampling, with and without the text."""

from __future__ import annotations

import streamlit as st

from engine.core import Result
from engine.labs.motion.config.denoise import DenoiseConfig
from engine.labs.motion.shipped import cards, real_jerk
from engine.labs.motion.views.cards import credit_lines
from engine.labs.motion.views.denoise import (
    draw_distance,
    draw_step_jerk,
    draw_text_share,
    pose_stage,
    step_stage,
    step_table,
    steps_of,
)
from engine.labs.motion.views.denoise_words import (
    describe_pose,
    describe_settling,
    describe_step,
    describe_step_jerk,
    describe_text,
)
from engine.labs.motion.views.lanes_words import describe_reading
from pages.kit import (
    View,
    explain,
    linked,
    palette,
    plain,
    say,
    section,
    select,
    show,
    show_skeletons,
    take_away,
)
from pages.kit.asked import Asked, begin, settings
from pages.panels.motion.scene import FRAME, choose_frame

STEP = "motion.denoise_step"


def show_denoise(scene: Asked) -> None:
    """The clip at a chosen step, a pose over all steps, and the curves."""
    found = begin(
        scene,
        "Denoising strip",
        "A model of motion does not draw frame after frame: at every step it has a whole clip in "
        "mind. Move the step, and see where the text pulls.",
    )
    if found is None:
        return
    obtained, result = found
    assert isinstance(obtained.config, DenoiseConfig)
    step = _choose_step(result)
    frames = result.array("pelvis").shape[1]
    frame = linked(FRAME, frames // 2, low=0, high=frames - 1)
    show_skeletons(
        step_stage(result, step, describe_step(result, step)),
        "motion_denoise_clip",
        frame=frame,
        on_select=choose_frame,
        height=360,
    )
    for words in _sentences(result):
        say(scene.lab, words)
    section(
        "A pose over all steps",
        "The pose at the frame where the clip above was stopped, as an onion skin: the playhead "
        "walks over the steps, earlier steps fade.",
    )
    show_skeletons(
        pose_stage(result, frame, describe_pose(result, frame)),
        "motion_denoise_pose",
        frame=step,
        on_select=lambda place: None if place is None else select(STEP, place[1]),
        height=300,
    )
    _curves(result, step)
    for line in credit_lines(cards()):
        st.caption(plain(line))
    explain(scene.lab, "The steps of a clip")
    take_away(scene.lab, scene.experiment, obtained)


def _sentences(result: Result) -> list[str]:
    return [
        *describe_reading(result.notes["taken"], result.notes["unknown"], result.notes["cut"]),
        describe_settling(result),
        describe_text(result),
        describe_step_jerk(result, real_jerk()),
    ]


def _choose_step(result: Result) -> int:
    last = steps_of(result) - 1
    step = linked(STEP, last // 3, low=0, high=last)
    widget = f"{STEP}#slider"
    st.session_state[widget] = step + 1
    st.slider(
        "Step",
        1,
        last + 1,
        key=widget,
        on_change=lambda: select(STEP, st.session_state[widget] - 1),
    )
    return step


def _curves(result: Result, step: int) -> None:
    section("Every step", "The chosen step is marked.")
    left, right = st.columns(2, gap="large")
    with left:
        words = describe_settling(result)
        show(
            draw_distance(result, palette(), step=step, alt=words),
            "motion_denoise_distance",
            words,
            export=lambda: step_table(result),
        )
    with right:
        words = describe_step_jerk(result, real_jerk())
        figure = draw_step_jerk(result, palette(), step=step, level=real_jerk(), alt=words)
        show(figure, "motion_denoise_jerk", words, export=lambda: step_table(result))
    if result["text"].unit != "m":
        words = describe_text(result)
        show(
            draw_text_share(result, palette(), step=step, alt=words),
            "motion_denoise_text",
            words,
            export=lambda: step_table(result),
        )


VIEW = View("Denoising strip", settings("denoise"), show_denoise)
