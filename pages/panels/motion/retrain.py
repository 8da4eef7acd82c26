"""View: a small Motion Mamba that is trained while one watches."""

from __future__ import annotations

import streamlit as st

from engine.labs.motion.views.retrain import (
    draw_checks,
    draw_loss,
    draw_quality,
    lesson_stage,
    lesson_table,
    loss_table,
)
from engine.labs.motion.views.retrain_words import (
    describe_action,
    describe_checks,
    describe_copies,
    describe_limits,
    describe_loss,
    describe_motion,
)
from pages.kit import (
    View,
    badge,
    choose,
    explain,
    palette,
    plain,
    say,
    show,
    show_skeletons,
    take_away,
)
from pages.kit.asked import Asked, begin, settings

ACTION = "motion.lesson"


def show_retrain(scene: Asked) -> None:
    """The clips of every stop, the loss, the checks and the feet."""
    found = begin(
        scene,
        "Retrain in two minutes",
        "A small Motion Mamba learns from procedural clips, and is asked for the same texts with "
        "the same seeds at every stop. Change a setting and press Compute to train your own.",
    )
    if found is None:
        return
    obtained, result = found
    with st.container(horizontal=True, gap="small", key="motion-retrain-badges"):
        badge("trained on this page's machines", "measured",
              "By the run that these settings name; the shipped one by the same code.")  # fmt: skip
        badge(f"{int(result.number('clips'))} procedural clips", "synthetic",
              "No recording: footsteps, reaches and free fall.")  # fmt: skip
    names = dict(zip(result.notes["actions"], result.notes["captions"], strict=True))
    action = choose("Text", names, ACTION, menu=True)
    show_skeletons(lesson_stage(result, action), "motion_lesson", height=300)
    for words in (describe_action(result, action), describe_checks(result)):
        say(scene.lab, words)
    left, right = st.columns(2, gap="large")
    with left:
        figure = draw_loss(result, palette())
        show(figure, "motion_lesson_loss", describe_loss(result),
             export=lambda: loss_table(result))  # fmt: skip
    with right:
        figure = draw_checks(result, palette())
        show(figure, "motion_lesson_checks", describe_checks(result),
             export=lambda: lesson_table(result))  # fmt: skip
    for words in (describe_loss(result), describe_motion(result)):
        say(scene.lab, words)
    for place, name in zip(st.columns(2, gap="large"), ("jerk", "skate"), strict=True):
        with place:
            figure = draw_quality(result, palette(), name)
            show(figure, f"motion_lesson_{name}", describe_motion(result),
                 export=lambda: lesson_table(result))  # fmt: skip
    say(scene.lab, describe_copies(result))
    st.caption(plain(describe_limits(result)))
    explain(
        scene.lab,
        "A lesson",
        parameters=f"{int(result.number('parameters')):,}",
        steps=f"{int(result.number('steps')):,}",
    )
    take_away(scene.lab, scene.experiment, obtained)


VIEW = View("Retrain", settings("retrain"), show_retrain)
