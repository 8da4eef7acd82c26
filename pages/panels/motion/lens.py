"""View 1: what every frame of a clip reads of every other, and what is lost when one is erased."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.motion.views.lens import (
    SHOWN,
    UNITS,
    colour_limits,
    draw_change,
    draw_lines,
    draw_matrix,
    draw_row_of_all,
    lens_stage,
    lens_table,
    matrix_of,
    telling_reader,
)
from engine.labs.motion.views.lens_words import (
    describe_erased,
    describe_exact,
    describe_masked,
    describe_missing,
    describe_recorded,
    describe_row,
)
from engine.labs.motion.views.remembered import frames_of, place_labels, readers, token_of
from pages.kit import (
    View,
    badge,
    choose,
    explain,
    offer,
    palette,
    say,
    section,
    select,
    show,
    show_skeletons,
    take_away,
)
from pages.kit.asked import Asked, asked, begin
from pages.kit.components.matrix import Selection, matrix
from pages.panels.motion.lens_erase import show_erase
from pages.panels.motion.remembered import (
    CLIP,
    ERASED,
    FRAME,
    choose_erased,
    choose_reader,
    chosen_frame,
    credit,
    own_model,
    take_frame,
)

FIELDS = (*CLIP, "recording", "erased_in", "span", "steps", "before_end")
TIMES = {"1": "× 1", "10": "× 10", "30": "× 30"}


def lens_settings(lab: Lab) -> Asked:
    """The clip, and from what a frame is erased."""
    scene = asked(lab, "lens", FIELDS)
    own_model()
    return scene


def show_lens(scene: Asked) -> None:
    """The clip with its trail, the matrix, its row and column, and the clip without a frame."""
    begun = begin(
        scene,
        "Memory lens",
        "Play, or drag the playhead. The poses that shine through are those that the present frame "
        "reads. The second body lives through the same noise without one of its frames.",
    )
    if begun is None:
        return
    obtained, result = begun
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reader = choose_reader(result, telling_reader(result))
        shown = choose("Matrix", SHOWN, "motion.shown")
        times = int(choose("Change drawn", TIMES, "motion.times", default="10"))
    erased, frame = choose_erased(result), chosen_frame(result)
    for words in (describe_missing(result), describe_recorded(result), describe_masked(result)):
        if words:
            say(scene.lab, words)
    said = describe_row(result, reader, frame)
    show_skeletons(
        lens_stage(result, reader=reader, shown=shown, erased=erased, times=times, alt=said),
        "motion_lens",
        frame=frame,
        on_select=take_frame,
        height=430,
    )
    say(scene.lab, describe_erased(result, erased))
    credit(result)
    _matrix(scene.lab, result, reader, shown, frame, erased)
    _without(result, erased)
    show_erase(scene.lab)
    explain(
        scene.lab,
        "The memory lens",
        gap=f"{result.number('rounding'):.1g}",
        tokens=int(result.number("tokens")),
    )
    take_away(scene.lab, scene.experiment, obtained)


def _matrix(lab: Lab, result: Result, reader: int, shown: str, frame: int, erased: int) -> None:
    section(
        "What is read of what",
        "A row is a frame that reads, a column one that is read. Click a cell: its row becomes the "
        "present frame, its column the erased one.",
    )
    with st.container(horizontal=True):
        badge("exact", "exact", describe_exact(result, reader))
        if readers(result)[reader]["kind"] == "attention":
            badge("another thing", "warn", ATTENTION)
    values, names = matrix_of(result, reader, shown), place_labels(result)
    alt = describe_row(result, reader, frame)

    def clicked(cell: Selection) -> None:
        select(FRAME, frames_of(result, max(0, cell.row - 1))[0])
        st.session_state[ERASED] = frames_of(result, max(0, cell.column - 1))[0]

    matrix(
        values,
        key="motion_lens_matrix",
        palette=palette(),
        title=readers(result)[reader]["name"],
        row_title="Reading: frames",
        column_title="Read: frames",
        value=UNITS[shown],
        row_labels=names,
        column_labels=names,
        log=True,
        limits=colour_limits(values),
        selected=(token_of(result, frame) + 1, erased + 1),
        on_select=clicked,
        height=440,
        alt=alt,
    )
    offer(
        "motion_lens_matrix",
        lambda: draw_matrix(
            result, palette(), reader=reader, shown=shown, frame=frame, erased=erased
        ),
        alt,
        lambda: lens_table(result, reader, shown),
    )
    say(lab, describe_exact(result, reader))
    figure = draw_lines(result, palette(), reader=reader, shown=shown, frame=frame, erased=erased)
    show(figure, "motion_lens_lines", alt)
    figure = draw_row_of_all(result, palette(), shown=shown, frame=frame)
    show(figure, "motion_lens_layers", figure.layout.meta["alt"])


ATTENTION = (
    "Attention has no state: it looks every token up again and its weights add up to 1. It stands "
    "here as the counterpart of the scans and not as the same measure."
)


def _without(result: Result, erased: int) -> None:
    section(
        "A frame erased",
        "The erased tokens have step size 0 in every scan: they read and leave nothing behind. "
        "The noise is the same, so every difference comes from what was not remembered.",
    )
    figure = draw_change(result, palette(), erased=erased)
    show(figure, "motion_lens_change", describe_erased(result, erased), export=lambda: {
        "frame": range(int(result.number("frames"))),
        "pose change [m]": result.array("pose_change")[erased],
        "change in the room [m]": result.array("place_change")[erased],
    })  # fmt: skip


VIEW = View("Memory lens", lens_settings, show_lens)
