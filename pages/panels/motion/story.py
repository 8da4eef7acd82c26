"""The view "Story timeline": a text, its table, the motion, its ways, its seams."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.motion.config.story import EXAMPLE, StoryConfig
from engine.labs.motion.training.card import credits
from engine.labs.motion.views.claims import shape_claims
from engine.labs.motion.views.method_claims import seam_claims
from engine.labs.motion.views.story import (
    draw_floor,
    draw_shapes,
    segment_at,
    story_stage,
)
from engine.labs.motion.views.story_seams import (
    draw_seams,
    floor_table,
    seam_table,
    segment_table,
)
from engine.labs.motion.views.story_words import (
    describe_change,
    describe_keys,
    describe_seams,
    describe_shapes,
    describe_story,
    describe_ways,
    played,
    unread_words,
)
from pages.kit import (
    View,
    badge,
    explain,
    field_key,
    linked,
    obtain,
    palette,
    say,
    section,
    select,
    set_values,
    show,
    show_claims,
    show_skeletons,
    take_away,
)
from pages.kit.asked import Asked, asked
from pages.panels.motion.story_ends import ends_of, move, show_ends
from pages.panels.motion.story_rows import ROW, show_rows

SEEN = "#motion.story.seen"
EXAMPLES = {
    "A visit": EXAMPLE,
    "Exercise": "He performs jumping jacks, jumps three times and kicks with the left leg. Then he "
    "punches for 4 seconds, hops and waits for 2 seconds. After that he dances for 6 seconds.",
    "A tired walk": "An old man walks to the table. He waits for 3 seconds, then he goes to the "
    "sofa and sits down for 4 seconds. Before that, he bows.",
    "Round the room": "She runs to the lamp, the window and the shelf. Then she walks in a wave. "
    "She raises both hands and waves with both hands.",
}


def story_settings(lab: Lab) -> Asked:
    """Examples, the story, where motion comes from, and how seams are treated."""
    experiment = lab.experiment("storyline")
    menu = "motion.story#example"

    def take() -> None:
        name = st.session_state[menu]
        if name in EXAMPLES:
            set_values(lab, experiment, {"story": EXAMPLES[name], "rows": ""})
            select(ROW, 0)
            st.session_state[menu] = None

    # The table has no widget of its own; the link holds it from the first edit on.
    linked(field_key(lab, experiment, "rows"), "")
    st.selectbox("Example stories", list(EXAMPLES), index=None, key=menu, on_change=take,
                 placeholder="Choose one")  # fmt: skip
    return asked(lab, "storyline")


def show_story(scene: Asked) -> None:
    """The table, the motion with its strips, and what was measured of it."""
    lab, experiment = scene.lab, scene.experiment
    assert isinstance(scene.config, StoryConfig)
    section(
        "Story timeline",
        "Rules turn the story into the rows of a table. Edit a row, make one anew, or move the end "
        "of a segment: the others stay as they are. Choose a moment of the motion to choose its "
        "row.",
    )
    table = st.container()
    obtained = obtain(lab, experiment, scene.config)
    result = obtained.result
    with table:
        row = show_rows(lab, experiment, scene.config, result if obtained.fresh else None)
    if result is None:
        return
    _tell_reading(lab, result)
    _motion(scene, result, obtained.fresh, row)
    _floor(lab, result, row)
    _seams(lab, result)
    _shapes(lab, result)
    for sentence in credits(result.notes["datasets"]):
        st.caption(sentence)
    take_away(lab, experiment, obtained)


def _tell_reading(lab: Lab, result: Result) -> None:
    """What was not read, what was assumed, and what is new since the last result."""
    if unread := unread_words(result):
        badge("not understood", "warn")
        st.text("; ".join(unread))
    unknown = result.notes["unknown_words"]
    if unknown:
        st.text("Words that the model does not know: " + ", ".join(
            f"{word} (nearest: {near})" if near else word for word, near in unknown.items()
        ))  # fmt: skip
    for sentence in result.notes["remarks"]:
        st.caption(sentence.replace("$", "\\$"))
    segments = result.notes["segments"]
    before = st.session_state.get(SEEN)
    now = [played(one) for one in segments]
    if before is not None and [played(one) for one in before[1]] != now:
        st.session_state[SEEN] = (before[1], segments)
    elif before is None:
        st.session_state[SEEN] = ([], segments)
    old = st.session_state[SEEN][0]
    if old and (said := describe_change(old, segments)):
        say(lab, said)


def _motion(scene: Asked, result: Result, fresh: bool, row: int) -> None:
    lab, experiment, config = scene.lab, scene.experiment, scene.config
    assert isinstance(config, StoryConfig)

    def take(chosen: tuple[int, int] | None) -> None:
        if chosen is not None:
            select(ROW, result.notes["segments"][segment_at(result, chosen[1])]["row"])

    def pull(segment: int, frame: int) -> None:
        move(lab, experiment, config, result, segment, frame)

    # An older result stays on the page while a new one is made: its ends are not those asked for.
    ends = ends_of(result) if fresh else []
    show_skeletons(story_stage(result, ends), "motion_story", on_select=take, on_move=pull)
    show_ends(lab, experiment, config, result, ends, row)
    say(lab, f"{describe_story(result)} {describe_keys(result)}")
    explain(
        lab,
        "Story to motion",
        texts=result.notes["segments"][0]["considered"],
        motions=result.notes["segments"][0]["near"],
        seams=len(result.array("seams")),
    )


def _floor(lab: Lab, result: Result, row: int) -> None:
    section("Where it goes", describe_ways(result))
    figure = draw_floor(result, palette(), row=row)
    show(figure, "motion_story_floor", figure.layout.meta["alt"],
         export=lambda: floor_table(result))  # fmt: skip
    with st.expander(f"The {len(result.notes['segments'])} segments"):
        st.dataframe(segment_table(result), hide_index=True, width="stretch")


def _seams(lab: Lab, result: Result) -> None:
    section(
        "How it holds together",
        "Jerk is the third difference of positions, of the joint where it is greatest. A seam that "
        "is cut shows as a peak.",
    )
    if len(result.array("seams")):
        figure = draw_seams(result, palette())
        show(figure, "motion_story_seams", figure.layout.meta["alt"],
             export=lambda: seam_table(result))  # fmt: skip
    say(lab, describe_seams(result))
    show_claims(seam_claims(result))


def _shapes(lab: Lab, result: Result) -> None:
    section(
        "How a way is followed",
        "The same source walks a wave, a circle and a square. At every frame the body is turned, "
        "within a bound, towards a point of the way a little ahead.",
    )
    names = result.notes["shapes"]
    if not names:
        say(lab, describe_shapes(result))
        return
    figure = draw_shapes(result, palette())
    show(figure, "motion_story_shapes", figure.layout.meta["alt"], export=lambda: {
        "shape": names,
        "mean distance [m]": [result.number(f"shape_error_{name}_m") for name in names],
        "greatest distance [m]": [result.number(f"shape_worst_{name}_m") for name in names],
    })  # fmt: skip
    show_claims(shape_claims(result))


VIEW = View("Story timeline", story_settings, show_story)
