"""What the story view draws and says, against the result that it is computed from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.context import QuietContext
from engine.core.result import Result
from engine.figures import Palette
from engine.labs.motion.config.story import StoryConfig
from engine.labs.motion.story.run import story
from engine.labs.motion.views.story import (
    draw_floor,
    draw_shapes,
    positions_of,
    segment_at,
    story_stage,
    transitions,
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
    unread_words,
)

LIGHT = Palette.light()


@pytest.fixture(scope="module")
def result() -> Result:
    text = "He walks to the door. He wlaks. He climbs, sits on the chair and runs to the window."
    return story(StoryConfig(story=text), QuietContext())


def test_the_stage_has_every_frame_and_segment(result: Result):
    stage = story_stage(result)
    frames = len(result.array("root"))
    assert stage.frames == frames
    strips = {strip.name.split(",")[0]: strip for strip in stage.strips}
    segments = strips["segments"]
    assert len(segments.values) == len(result.notes["segments"]) == len(segments.labels)
    assert segments.values.max() == frames - 2
    assert segments.labels[0] == "walks forward to the door"
    assert any(label.endswith("(held)") for label in segments.labels)
    assert strips["key-frame score"].values.shape == (frames,)
    assert stage.alt == describe_story(result)


def test_positions_come_back_as_they_were(result: Result):
    positions = positions_of(result)
    assert positions.shape[1:] == (22, 3)
    assert np.array_equal(positions[:, 0], result.array("root"))


def test_transitions_are_the_seams_between_segments(result: Result):
    windows, names = transitions(result, len(result.array("root")))
    assert len(windows) == result.array("between").sum() == len(names)
    assert (windows[1:, 0] > windows[:-1, 0]).all() and (windows[:, 0] <= windows[:, 1]).all()


def test_a_frame_belongs_to_its_segment(result: Result):
    for number, one in enumerate(result.notes["segments"]):
        assert segment_at(result, one["start"]) == number
        assert segment_at(result, one["end"] - 1) == number
    assert segment_at(result, 10**6) == len(result.notes["segments"]) - 1


def test_figures_hold_what_the_tables_hold(result: Result):
    floor = draw_floor(result, LIGHT, row=0)
    walked = next(trace for trace in floor.data if trace.name == "walked path")
    table = floor_table(result)
    assert np.allclose(walked.x, table["x [m]"]) and np.allclose(walked.y, table["z [m]"])
    assert any(trace.name == "row 1" for trace in floor.data)
    seams = draw_seams(result, LIGHT)
    assert len(seams.data) == len(result.notes["methods"])
    assert np.allclose(seams.data[0].y, seam_table(result)["jerk, cut [m/frame³]"])
    shapes = draw_shapes(result, LIGHT)
    assert len(shapes.data) == 2 * len(result.notes["shapes"])
    assert len(segment_table(result)["text"]) == len(result.notes["segments"])


def test_sentences_are_computed(result: Result):
    said = describe_story(result)
    assert f"became {len(result.notes['segments'])} segments" in said
    assert "nothing fitted" in said
    assert f"{100 * result.number('way_error_m'):.0f} cm" in describe_ways(result)
    assert f"{result.number('shape_error_circle_m'):.3f}" in describe_shapes(result)
    assert str(len(result.array("key_frames"))) in describe_keys(result)
    assert unread_words(result) == ["wlaks (nearest known action: walk)"]
    assert "least: **with a difference that decays**" in describe_seams(result)


def test_the_better_method_is_the_one_that_was_measured_to_be(result: Result):
    turned = replace(
        result,
        metrics={
            **result.metrics,
            "seam_jerk_cut_mean": 0.01,
            "seam_jerk_inertial_mean": 0.02,
        },
    )
    assert "least: **cut as they are**" in describe_seams(turned)


def test_a_story_without_a_walk_or_a_seam_is_told_too():
    result = story(StoryConfig(story="He bows."), QuietContext())
    assert describe_ways(result) == "Nothing was walked."
    assert "no seam" in describe_seams(result)
    assert story_stage(result).frames == len(result.array("root"))
    draw_floor(result, LIGHT)


def test_what_changed_is_told_by_what_was_played():
    def one(content: str, frames: int = 20, kind: str = "act"):
        return {"content": content, "kind": kind, "start": 40, "end": 40 + frames}

    before = [one(name) for name in "abc"]
    assert describe_change(before, before) == "All 3 segments are those that were shown before."
    after = [one(name) for name in "axc"]
    assert describe_change(before, after) == (
        "2 of 3 segments are those that were shown before; new: 2."
    )
    assert describe_change(before, [one("z")]) == ""
    # An action that was cut short is new; a walk that ends a little later is not.
    assert "new: 2." in describe_change(before, [one("a"), one("b", 15), one("c")])
    walks = [one("a"), one("b", kind="way")]
    assert "All 2" in describe_change(walks, [one("a"), one("b", 24, "way")])
