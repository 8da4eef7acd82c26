"""View 2: how long every scan remembers, and the clip had it forgotten faster or slower."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.core import Lab, Result
from engine.labs.motion.views.remembered import readers
from engine.labs.motion.views.retention import (
    COUNTED,
    decay_table,
    draw_decay,
    draw_far,
    draw_lives,
    draw_scans,
    draw_states,
    scan_table,
)
from engine.labs.motion.views.retention_words import (
    describe_decay,
    describe_directions,
    describe_far,
    describe_lives,
    describe_states,
    describe_writing,
)
from engine.labs.motion.views.stretched import (
    describe_ladder,
    describe_single,
    draw_ladder,
    draw_single,
    factor_names,
    stretched_stage,
)
from pages.kit import (
    View,
    badge,
    choose,
    explain,
    palette,
    say,
    section,
    show,
    show_skeletons,
    take_away,
)
from pages.kit.asked import Asked, asked, begin
from pages.panels.motion.remembered import (
    CLIP,
    chosen_frame,
    credit,
    own_model,
    take_frame,
)

FIELDS = (*CLIP, "stretched", "length", "steps")


def retention_settings(lab: Lab) -> Asked:
    """The clip, whose steps are multiplied, and how far to look."""
    scene = asked(lab, "retention", FIELDS)
    own_model()
    return scene


def show_retention(scene: Asked) -> None:
    """Other step sizes on the stage, then half-lives, decays, states, and 2,000 frames."""
    begun = begin(
        scene,
        "Retention",
        "A state fades by exp(Δ A) at every token. Multiply the step sizes Δ of a trained model "
        "and watch the same noise become another clip.",
    )
    if begun is None:
        return
    obtained, result = begun
    names = factor_names(result)
    factor = int(choose("Step sizes", names, "motion.factor", default=str(len(names))))
    badge(
        "counterfactual",
        "synthetic",
        "The network was trained with its own step sizes; nothing was trained with these.",
    )
    show_skeletons(
        stretched_stage(result, factor=factor),
        "motion_retention",
        frame=chosen_frame(result),
        on_select=take_frame,
        height=400,
    )
    credit(result)
    left, right = st.columns(2, gap="large")
    with left:
        figure = draw_ladder(result, palette(), factor=factor)
        show(figure, "motion_ladder", describe_ladder(result), export=lambda: {
            "factor": result.array("factor"),
            "pose change [m]": result.array("pose_change").mean(1),
            "jerk [m/frame^3]": result.array("jerk"),
            "skating": result.array("skate"),
        }, caption=describe_ladder(result))  # fmt: skip
    with right:
        show(draw_single(result, palette()), "motion_single", describe_single(result),
             export=lambda: scan_table(result), caption=describe_single(result))  # fmt: skip
    _lives(scene.lab, result)
    _decays(scene.lab, result)
    _far(scene.lab, result)
    explain(scene.lab, "Retention")
    take_away(scene.lab, scene.experiment, obtained)


def _lives(lab: Lab, result: Result) -> None:
    section(
        "Half-lives",
        "Every channel of a scan has sixteen states, each with a rate of its own. Their half-lives "
        "follow exactly from the rates and the step sizes of this clip.",
    )
    counted = choose("States counted", COUNTED, "motion.counted")
    say(lab, " ".join(filter(None, (
        describe_lives(result, counted), describe_writing(result), describe_directions(result)
    ))))  # fmt: skip
    figure = draw_scans(result, palette(), counted=counted)
    show(figure, "motion_scans", describe_lives(result, counted), export=lambda: scan_table(result))
    options = {str(at): one["name"] for at, one in enumerate(readers(result))}
    scan = int(choose("Scan", options, "motion.scan", menu=True))
    figure = draw_lives(result, palette(), counted=counted, scan=scan)
    show(figure, "motion_lives", describe_lives(result, counted))
    with st.expander("All scans as a table (frames, unless stated)"):
        st.dataframe(scan_table(result), hide_index=True, width="stretch")


def _decays(lab: Lab, result: Result) -> None:
    frame = chosen_frame(result)
    section(
        "One frame through all layers",
        "The frame under the playhead: what is left in every scan of what it wrote. Rest the "
        "playhead elsewhere and the curves follow.",
    )
    say(lab, describe_decay(result, frame))
    show(draw_decay(result, palette(), frame=frame), "motion_decay", describe_decay(result, frame),
         export=lambda: decay_table(result))  # fmt: skip
    show(draw_states(result, palette()), "motion_states", describe_states(result),
         caption=describe_states(result))  # fmt: skip


def _far(lab: Lab, result: Result) -> None:
    section(
        "Beyond the clip",
        "The first layer's scans read a sequence of tokens that no model here was trained on at "
        "once. This is retention alone: no motion is generated from it.",
    )
    say(lab, describe_far(result))
    show(draw_far(result, palette()), "motion_far", describe_far(result), export=lambda: {
        "frames later": int(result.number("patch")) * np.arange(result.array("far").shape[1]),
        **{name: result.array("far")[at] for at, name in enumerate(result.notes["first"])},
    })  # fmt: skip


VIEW = View("Retention", retention_settings, show_retention)
