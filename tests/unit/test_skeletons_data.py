"""What the motion viewer is given: positions to the millimetre, weights, strips, and its twin."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from engine.core import BadInput
from engine.figures import Palette, check_axes
from engine.figures.skeletons import Lane, Stage, Strip, draw_skeletons
from engine.labs.motion.skeleton import FEET, FPS
from engine.labs.motion.views.stage import body_stage
from pages.kit.components.payload import pack
from pages.kit.components.skeletons import _place, skeletons
from pages.kit.components.skeletons.columns import columns
from tests.motion_clips import moving

HOSTILE = "<img src=x onerror='window.__x=1'>"
MILLIMETRE = 0.001


def stage(*lanes: Lane, **change: object) -> Stage:
    shown = lanes or (Lane("one", moving(30)),)
    return body_stage(shown, "Clips", "They move.", **change)  # type: ignore[arg-type]


def read(raw: bytes) -> dict[str, np.ndarray]:
    """The arrays of a message, found through its header alone."""
    (length,) = struct.unpack_from("<I", raw)
    header = json.loads(raw[4 : 4 + length])
    return {
        one["name"]: np.frombuffer(raw, one["dtype"], one["length"], 4 + length + one["offset"])
        for one in header["arrays"]
    }


@pytest.mark.parametrize("reach", [1, 30, 60])
def test_positions_come_back_to_the_millimetre(reach: float) -> None:
    walked = moving(200, 3)
    walked[..., 0] += np.linspace(0, reach, 200)[:, None]
    beside = walked + np.array([0.4, 0, 0])
    said, arrays = columns(stage(Lane("a", walked, ghost=beside)))
    found = read(pack({}, arrays))
    for name, wanted in (("positions0", walked), ("ghost0", beside)):
        back = found[name].reshape(-1, 3) * said["lanes"][0]["step"] + said["lanes"][0]["middle"]
        assert np.abs(back - wanted.reshape(-1, 3)).max() < MILLIMETRE


def test_a_clip_that_does_not_move_comes_back_as_well() -> None:
    still = np.broadcast_to(moving(1)[:1], (5, 22, 3)) * [1, 1, 0]
    said, arrays = columns(stage(Lane("a", still)))
    back = arrays["positions0"].reshape(5, 22, 3) * said["lanes"][0]["step"]
    np.testing.assert_allclose(back + said["lanes"][0]["middle"], still, atol=MILLIMETRE)


def test_weights_come_back_to_a_step_of_255() -> None:
    draw = np.random.default_rng(0)
    light, trail = draw.uniform(size=(30, 22)), draw.uniform(size=(30, 30))
    contacts = draw.integers(0, 2, (30, 4))
    _, arrays = columns(stage(Lane("a", moving(30), light=light, trail=trail, contacts=contacts)))
    np.testing.assert_allclose(arrays["light0"].reshape(30, 22) / 255, light, atol=0.5 / 255)
    np.testing.assert_allclose(arrays["trail0"].reshape(30, 30) / 255, trail, atol=0.5 / 255)
    np.testing.assert_array_equal(arrays["contacts0"].reshape(30, 4), contacts)


def test_ends_that_can_be_dragged_belong_to_segments() -> None:
    spans = np.array([[0, 9], [10, 29]])
    said, _ = columns(stage(strips=[Strip("story", "segments", spans, grips=[(1, 15, 30)])]))
    assert said["strips"][0]["grips"] == [[1, 15, 30]]
    for strip in (
        Strip("story", "segments", spans, grips=[(2, 15, 30)]),
        Strip("ticks", "ticks", np.array([3, 8]), grips=[(1, 15, 30)]),
    ):
        with pytest.raises(BadInput, match=r"^strips: "):
            stage(strips=[strip])


def test_strips_come_back_with_their_gaps() -> None:
    line = np.array([0.0, 5.0, np.nan, 70_000.0, -3.0])
    heat = np.array([[0.0, 1.0, np.nan], [2.0, 4.0, 8.0]])
    said, arrays = columns(
        stage(
            strips=[
                Strip("line", "line", line, unit="m"),
                Strip("heat", "heat", heat, lane=0, labels=["low", "high"]),
                Strip("story", "segments", np.array([[0, 9], [10, 29]]), labels=["a", "b"]),
                Strip("ticks", "ticks", np.array([3, 8])),
                Strip("none", "line", np.full(4, np.nan)),
                Strip("flat", "line", np.full(4, 7.0)),
            ]
        )
    )
    for k, (values, missing, error) in enumerate(((line, 65535, 1.1), (heat, 255, 0.02))):
        codes = arrays[f"strip{k}"].reshape(values.shape)
        np.testing.assert_array_equal(codes == missing, np.isnan(values))
        back = said["strips"][k]["low"] + codes * said["strips"][k]["step"]
        assert np.nanmax(np.abs(back - values)[codes != missing]) < error
    assert (said["strips"][0]["low"], said["strips"][0]["high"]) == (-3, 70_000)
    assert [strip["lane"] for strip in said["strips"][:2]] == [-1, 0]
    assert arrays["strip2"].tolist() == [0, 9, 10, 29]
    assert arrays["strip3"].tolist() == [3, 8]
    assert set(arrays["strip4"]) == {65535}
    assert said["strips"][5]["low"] == 7 and set(arrays["strip5"]) == {0}


def test_four_lanes_of_ten_seconds_are_less_than_300_kb() -> None:
    trail = np.zeros((200, 200))
    lanes = [Lane(str(seed), moving(200, seed), trail=trail) for seed in range(4)]
    strips = [Strip("jerk", "line", np.zeros(200), lane=lane) for lane in range(4)]
    said, arrays = columns(stage(*lanes, strips=strips))
    assert len(pack(said, arrays)) < 300_000


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"positions": np.zeros((3, 22))}, r"positions: must be \(frames, joints, 3\)"),
        ({"positions": np.full((3, 22, 3), np.nan)}, "positions: must be finite"),
        ({"positions": np.zeros((0, 22, 3))}, "positions: 1 to 4000 frames"),
        ({"light": np.full((3, 22), 1.5)}, "light: must be numbers from 0 to 1"),
        ({"trail": np.full((3, 3), np.nan)}, "trail: must be numbers from 0 to 1"),
        ({"trail": np.zeros((3, 4))}, r"trail: must be \(3, 3\)"),
        ({"ghost": np.full((3, 22, 3), np.inf)}, "ghost: must be finite"),
    ],
)
def test_a_lane_refuses_what_cannot_be_played(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        columns(stage(Lane(**{"name": "a", "positions": moving(3), **change})))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("strip", "sentence"),
    [
        (Strip("s", "line", np.zeros(31)), "the line 's' must be .* at most 30, not"),
        (Strip("s", "heat", np.zeros(30)), "the heat 's' must be"),
        (Strip("s", "segments", np.zeros(4)), r"the segments 's' must be \(segments, 2\)"),
        (Strip("s", "ticks", np.array([np.nan])), "the frames of 's' must be finite"),
        (Strip("s", "pie", np.zeros(3)), "'pie' is none of line, heat, segments, ticks"),  # type: ignore[arg-type]
        (Strip("s", "line", np.zeros(3), lane=1), "'s' belongs to lane 1 of 1"),
        (Strip("s", "segments", np.zeros((2, 2)), labels=["a"]), "'s' has 1 labels for 2"),
    ],
)
def test_a_strip_refuses_what_cannot_be_drawn(strip: Strip, sentence: str) -> None:
    with pytest.raises(BadInput, match=f"strips: {sentence}"):
        columns(stage(strips=[strip]))


def test_a_stage_refuses_what_does_not_fit_together() -> None:
    lane = Lane("a", moving(3), contacts=np.zeros((3, 4)))
    for change, sentence in (
        ({"lanes": ()}, "lanes: 1 to 8 are played, not 0"),
        ({"parents": (-1, 0)}, "parents: "),
        ({"feet": ()}, "feet: contacts need the four joints"),
        ({"fps": 0.0}, "fps: must be above 0"),
    ):
        parts = {"lanes": (lane,), "parents": range(-1, 21), "sides": [0] * 22, "feet": FEET}
        with pytest.raises(BadInput, match=sentence):
            Stage(**{"title": "t", "alt": "a", **parts, **change})  # type: ignore[arg-type]


def test_what_is_too_large_is_said_in_megabytes() -> None:
    big = Lane("a", np.zeros((4000, 22, 3)), trail=np.zeros((4000, 4000), np.uint8))
    with pytest.raises(BadInput, match=r"stage: 16\.\d MB are more than 12 MB"):
        skeletons(stage(big), key="big", palette=Palette.light())


def test_a_choice_in_another_stage_is_none() -> None:
    shown = stage()
    assert _place([0, 29], shown) == (0, 29)
    assert _place([0, 30], shown) is None
    assert _place([1, 0], shown) is None
    assert _place(None, shown) is None


def test_the_table_has_every_joint_of_every_frame() -> None:
    shown = stage(Lane("a", moving(3)), Lane("b", moving(2, 1)))
    table = shown.table()
    assert {len(column) for column in table.values()} == {5 * 22}
    at = 3 * 22 + 22 + 7
    assert (table["lane"][at], table["frame"][at], table["joint"][at]) == ("b", 1, 7)
    assert table["seconds"][at] == 1 / FPS
    np.testing.assert_allclose([table[axis][at] for axis in "xyz"], moving(2, 1)[1, 7], rtol=1e-6)


@pytest.mark.parametrize("palette", [Palette.light(), Palette.dark()], ids=lambda p: p.theme)
def test_the_storyboard_shows_each_lane_at_equal_times(palette: Palette) -> None:
    upright = moving(101)
    shown = stage(
        Lane("long", upright, ghost=upright), Lane(HOSTILE, moving(51, 1), light=np.ones((51, 22)))
    )
    figure = draw_skeletons(shown, palette, poses=11)
    check_axes(figure)
    assert list(figure.layout.xaxis.ticktext) == [f"{k / 2:.1f}" for k in range(11)]
    assert figure.layout.meta["alt"] == "They move."
    assert not any("<img" in label for label in figure.layout.yaxis.ticktext)
    named = {trace.name for trace in figure.data}
    assert named == {"ghost", "middle", "left", "right", "lit"}
    # Each pose keeps its bones' lengths on the sheet, and the second lane ends after half of them.
    left = [trace for trace in figure.data if trace.name == "left"]
    drawn = [np.isfinite(trace.x).reshape(11, -1).any(axis=1).sum() for trace in left]
    assert drawn == [11, 6]
    heights = np.array(left[0].y, float).reshape(11, -1, 3)
    bones = [joint for joint, side in enumerate(shown.sides) if side == -1]
    np.testing.assert_allclose(heights[:, :, 1], upright[::10][:, bones, 1], atol=0.001)
