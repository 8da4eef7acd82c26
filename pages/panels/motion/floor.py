"""Trajectory and joints: the floor below a clip, every joint's speed, and left against right."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from engine.core import Lab, Result
from engine.labs.motion.skeleton import JOINTS
from engine.labs.motion.views.cards import describe_usual
from engine.labs.motion.views.claims import side_claims
from engine.labs.motion.views.floor import (
    NO_JOINT,
    contact_table,
    draw_contacts,
    draw_path,
    joint_speeds,
    path_table,
    positions_of,
)
from engine.labs.motion.views.floor_words import describe_checks, describe_path
from engine.labs.motion.views.sides import describe_sides, describe_swaps, draw_sides, side_table
from pages.kit import (
    View,
    explain,
    form,
    obtain,
    offer,
    palette,
    plain,
    say,
    section,
    select,
    show,
    show_claims,
    take_away,
)
from pages.kit.asked import Asked, begin
from pages.kit.components.matrix import Selection, matrix
from pages.panels.motion.clip import (
    FRAME,
    JOINT,
    chosen_frame,
    chosen_joint,
    clip_settings,
    play,
    show_source,
)
from pages.panels.motion.nearest import show_nearest

PATH = "motion_path"
SPEEDS = "motion_joint_speeds"
NAMES = [name.replace("_", " ") for name in JOINTS]


def show_floor(scene: Asked) -> None:
    """Player and path, speeds, feet, the checks, the nearest clip; then left against right."""
    found = begin(
        scene,
        "Trajectory and joints",
        "One clip from above and joint by joint. Choose a point of the path or a cell of the map: "
        "the player goes to that frame and lights that joint.",
    )
    if found is None:
        return
    obtained, result = found
    show_source(scene, result)
    _figures(result)
    left, right = st.columns(2, gap="large")
    with left:
        play(result, "motion_floor_player")
    with right:
        figure = draw_path(result, palette(), frame=chosen_frame(result))
        show(figure, PATH, describe_path(result), export=lambda: path_table(result),
             on_select=_take_frame)  # fmt: skip
    say(scene.lab, describe_path(result))
    _speeds(result)
    figure = draw_contacts(result, palette(), frame=chosen_frame(result))
    show(figure, "motion_contacts", figure.layout.meta["alt"],
         export=lambda: contact_table(result))  # fmt: skip
    section("What it does", "Exact checks of the positions; nothing is judged by a network.")
    st.markdown("\n".join(f"- {plain(words)}" for words in describe_checks(result)))
    show_nearest(scene.lab, result)
    explain(scene.lab, "The floor")
    _sides(scene.lab)
    take_away(scene.lab, scene.experiment, obtained)


def _figures(result: Result) -> None:
    jerk = result.metrics["jerk"]
    told = (
        ("Jerk", "too short" if jerk is None else f"{1e3 * float(str(jerk)):.1f} mm/frame³",
         "mean third difference of the worst joint's positions"),
        ("Skating", f"{100 * result.number('skate'):.0f} %", "frames in which a low foot slides"),
        ("Floating", f"{100 * result.number('floating_m'):.1f} cm",
         "mean height of the lowest point of the feet"),
        ("Below the floor", f"{100 * result.number('penetration'):.0f} %",
         f"frames with a foot over 1 cm below; the deepest "
         f"{100 * result.number('deepest_m'):.1f} cm"),
        ("Bone variation", f"{100 * result.number('bone_variation'):.1f} %",
         "standard deviation of a bone's length over its mean, mean of all bones"),
    )  # fmt: skip
    for place, (label, value, help) in zip(st.columns(len(told)), told, strict=True):
        place.metric(label, value, help=help)
    if usual := describe_usual():
        st.caption(usual)


def _take_frame() -> None:
    event: Any = st.session_state.get(PATH)
    points = event["selection"]["points"] if event else []
    if points and points[0].get("customdata"):
        select(FRAME, int(points[0]["customdata"][0]))


def _speeds(result: Result) -> None:
    """The map of speeds; a cell is a joint and a frame."""
    speeds = joint_speeds(positions_of(result))
    joint, frame = chosen_joint(), chosen_frame(result)
    chosen = None if joint == NO_JOINT or frame is None else (joint, frame)
    joint_at, frame_at = np.unravel_index(int(speeds.argmax()), speeds.shape)
    alt = (
        f"The fastest is the {NAMES[joint_at]} at frame {frame_at}, "
        f"{speeds[joint_at, frame_at]:.1f} m/s."
    )

    def take(cell: Selection) -> None:
        select(JOINT, cell.row)
        select(FRAME, cell.column)

    matrix(
        speeds,
        key=SPEEDS,
        palette=palette(),
        title="Speed of every joint",
        row_title="Joint",
        column_title="Frame",
        value="Speed",
        unit="m/s",
        row_labels=NAMES,
        selected=chosen,
        on_select=take,
        height=330,
        alt=alt,
    )
    told = alt
    if chosen is not None:
        told += f" Chosen: {NAMES[joint]} at frame {frame}, {speeds[chosen]:.2f} m/s."
    st.caption(told)
    table = {"joint": NAMES, **{str(at): speeds[:, at] for at in range(speeds.shape[1])}}
    offer(SPEEDS, lambda: _twin(speeds, alt), alt, table)


def _twin(speeds: np.ndarray, alt: str) -> Any:
    from engine.figures import axis, heatmap

    return heatmap(
        speeds, palette(), title="Speed of every joint", x=axis("Frame"), y=axis("Joint"),
        value="Speed", unit="m/s", y_labels=NAMES, alt=alt,
    )  # fmt: skip


def _sides(lab: Lab) -> None:
    section(
        "Left or right?",
        "Pairs of sentences that differ in the side alone, from the same noise. A model that reads "
        "the side goes where each sentence says; one that does not is right half of the time.",
    )
    experiment = lab.experiment("sides")
    config = form(lab, experiment, layout="row")
    result = obtain(lab, experiment, config).result
    if result is None:
        return
    show(draw_sides(result, palette()), "motion_sides", describe_sides(result),
         export=lambda: side_table(result))  # fmt: skip
    say(lab, describe_sides(result))
    say(lab, describe_swaps(result))
    show_claims(side_claims(result))
    if result.notes["absent"]:
        st.caption(f"Not in this checkout: {', '.join(result.notes['absent'])}.")
    with st.expander("Every sentence and where its motions went"):
        st.dataframe(side_table(result), hide_index=True, width="stretch")
    explain(lab, "Left and right")


VIEW = View("Trajectory and joints", clip_settings, show_floor)
