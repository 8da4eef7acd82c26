"""Where a segment ends: moved on the strip, or by the number beside the segment's name."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.core import BadInput, Experiment, Lab, Result
from engine.labs.motion.config.story import StoryConfig
from engine.labs.motion.skeleton import FPS
from engine.labs.motion.story.ends import End, movable_ends, move_end
from engine.labs.motion.story.labels import label
from engine.labs.motion.story.rows import Row
from pages.kit import complain, select
from pages.panels.motion.story_rows import ROW, set_rows

SEGMENT = "motion.story#segment"
REFUSED = "motion.story#refused_end"
REFUSALS = "motion.story#refusals"


def ends_of(result: Result) -> list[End]:
    """The ends that can be moved in a result."""
    return movable_ends(_rows(result), result.notes["segments"])


def move(
    lab: Lab, experiment: Experiment, config: StoryConfig, result: Result, number: int, frame: int
) -> None:
    """Make a segment end in front of a frame; the table then says so."""
    segments = result.notes["segments"]
    try:
        rows = move_end(_rows(result), segments, number, frame)
    except BadInput as error:
        st.session_state[REFUSED] = str(error)
        st.session_state[REFUSALS] = st.session_state.get(REFUSALS, 0) + 1
        return
    select(ROW, segments[number]["row"])
    set_rows(lab, experiment, config, rows)


def show_ends(
    lab: Lab,
    experiment: Experiment,
    config: StoryConfig,
    result: Result,
    ends: Sequence[End],
    row: int,
) -> None:
    """A segment of the chosen row and the second that it ends at."""
    if refused := st.session_state.pop(REFUSED, None):
        complain(refused)
    if not ends:
        return
    segments = result.notes["segments"]
    known = {one.number: one for one in ends}
    of_row = [number for number in known if segments[number]["row"] == row]
    if st.session_state.get(SEGMENT) not in (of_row or known):
        st.session_state[SEGMENT] = (of_row or list(known))[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox(
            "Segment",
            list(known),
            format_func=lambda at: f"{at + 1}. {label(segments[at])}",
            key=SEGMENT,
            on_change=lambda: select(ROW, segments[st.session_state[SEGMENT]]["row"]),
            width=280,
        )
        end = known[number]
        # A field of its own after a refusal: the one before would go on showing what it was given.
        key = f"{SEGMENT}.{number}.{end.at}.{st.session_state.get(REFUSALS, 0)}"
        st.number_input(
            "Ends at (s)",
            end.low / FPS,
            end.high / FPS,
            end.at / FPS,
            step=1 / FPS,
            format="%.2f",
            key=key,
            on_change=lambda: move(
                lab, experiment, config, result, number, round(st.session_state[key] * FPS)
            ),
            help="only this segment is made anew, from the state before it; those behind it keep "
            "their motion and begin later or earlier",
            width=180,
        )
    st.caption(
        "Or drag the end of a segment on its strip, where it has two bars. A walk to a place lasts "
        "as long as its steps take."
    )


def _rows(result: Result) -> list[Row]:
    """The table with what was played for each row."""
    return [Row(**row) for row in result.notes["rows"]]
