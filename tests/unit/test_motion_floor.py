"""One clip: its path, its feet, what it does; left against right; the nearest training clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from engine.core.context import QuietContext
from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.figures import Palette, check_axes
from engine.labs.motion import clips, shipped, sides
from engine.labs.motion.clip import Clip, place
from engine.labs.motion.config.clip import ClipConfig
from engine.labs.motion.config.sides import SidesConfig
from engine.labs.motion.data.corpus import load_examples
from engine.labs.motion.data.words import mirror_text
from engine.labs.motion.evaluation import quality
from engine.labs.motion.evaluation.checks import measure
from engine.labs.motion.evaluation.intervals import wilson
from engine.labs.motion.features import decode
from engine.labs.motion.files.arrays import npz_bytes
from engine.labs.motion.memorised import find_nearest, read_shelf
from engine.labs.motion.models import stored
from engine.labs.motion.skeleton import FEET, FPS, JOINTS, mirror
from engine.labs.motion.views import floor, floor_words
from engine.labs.motion.views import sides as side_views
from tests.motion_clips import moving
from tests.motion_models import save_recordings, save_tiny


def of(positions: np.ndarray, **notes: object) -> Result:
    """A result as ``clip`` gives it, of positions that are known."""
    told = {"kind": "NPZ", "skeleton": "22 joints", "file_frames": len(positions),
            "file_fps": 20.0, "whole_frames": len(positions)}  # fmt: skip
    return Result(
        {"positions": Field(positions.astype(np.float32), ("frame", "joint", "axis"), "m")},
        clips.measures(positions),
        told | notes,
    )


def standing(frames: int = 40) -> np.ndarray:
    return np.repeat(place(moving(2))[:1], frames, axis=0)


def test_a_result_of_a_file_is_its_motion_with_its_measures(tmp_path: Path) -> None:
    positions = place(moving(50)).astype(np.float32)
    config = ClipConfig(clip_from="file", motion_file="input:0123456789abcdef")
    result = clips.clip(config, QuietContext(lambda address: npz_bytes(Clip(positions))))
    np.testing.assert_allclose(result.array("positions"), positions, atol=1e-5)
    assert result.number("skate") == pytest.approx(quality.skate(positions))
    assert result.number("jerk") == pytest.approx(quality.mean_jerk([positions]), rel=1e-3)
    assert result.notes["kind"] == "NPZ" and result.notes["whole_frames"] == 50


def test_a_long_file_is_cut_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "MOST_FRAMES", 30)
    config = ClipConfig(clip_from="file", motion_file="input:0123456789abcdef")
    result = clips.clip(config, QuietContext(lambda address: npz_bytes(Clip(place(moving(50))))))
    assert len(result.array("positions")) == 30
    assert "the first 30 of 50 frames are shown" in floor_words.describe_source(result)


def test_a_foot_below_the_floor_is_counted() -> None:
    positions = standing()
    positions[..., 1] -= positions[:, FEET, 1].min()
    assert quality.penetration(positions) == (0.0, 0.0)
    positions[:10, FEET[0], 1] = -0.03
    share, deepest = quality.penetration(positions)
    assert share == 0.25 and deepest == pytest.approx(0.03)


def test_skating_is_where_a_low_foot_moves() -> None:
    positions = moving(60)
    positions[..., 1] -= 0.1
    found = quality.skates(positions)
    for t in range(59):
        for k, joint in enumerate(FEET):
            now, then = positions[t, joint], positions[t + 1, joint]
            low = now[1] < 0.05 and then[1] < 0.05
            assert found[t, k] == (low and np.hypot(*(then - now)[[0, 2]]) > 0.025)
    assert found.any() and quality.skate(positions) == pytest.approx(found.any(1).mean())


def test_a_bone_without_length_does_not_spoil_the_variation() -> None:
    positions = moving(20)
    assert quality.stretch(positions) == pytest.approx(0, abs=1e-9)
    positions[:, 15] = positions[:, 12]
    assert quality.stretch(positions) == pytest.approx(0, abs=1e-9)


def test_speeds_are_metres_a_second_of_each_joint() -> None:
    positions = standing(10)
    positions[:, 20, 2] += 0.1 * np.arange(10)
    speeds = floor.joint_speeds(positions)
    assert speeds.shape == (22, 10)
    np.testing.assert_allclose(speeds[20], 0.1 * FPS)
    assert not np.delete(speeds, 20, axis=0).any()


def test_feet_stand_from_their_first_to_their_last_frame() -> None:
    positions = standing(12)
    positions[5:, FEET[1], 2] += 1.0  # one stride between frames 4 and 5
    found = [one[1:] for one in floor.stands(positions) if one.foot == 1]
    assert found == [(0, 4), (5, 11)]
    assert [one[1:] for one in floor.stands(positions) if one.foot == 3] == [(0, 11)]


@pytest.mark.parametrize("frame", [None, 7])
def test_figures_of_a_clip_have_axes_and_a_finding(frame: int | None) -> None:
    result = of(place(moving(60)))
    for figure in (
        floor.draw_path(result, Palette.light(), frame=frame),
        floor.draw_contacts(result, Palette.dark(), frame=frame),
    ):
        assert check_axes(figure) == []
    assert {len(column) for column in floor.path_table(result).values()} == {60}
    named = {trace.name for trace in floor.draw_path(result, Palette.light(), frame=frame).data}
    assert ("frame 7" in named) == (frame == 7)


def test_the_path_has_left_on_the_left_and_frames_to_choose() -> None:
    figure = floor.draw_path(of(place(moving(60))), Palette.light())
    low, high = figure.layout.xaxis.range
    assert low > high, "left is +x"
    (ribbon,) = [trace for trace in figure.data if trace.name == "pelvis"]
    np.testing.assert_array_equal(np.array(ribbon.customdata)[:, 0], np.arange(60))


def test_a_stage_lights_the_chosen_joint() -> None:
    result = of(place(moving(30)))
    assert floor.clip_stage(result).lanes[0].light is None
    stage = floor.clip_stage(result, joint=20)
    light = stage.lanes[0].light
    assert light is not None and light[:, 20].all() and light.sum() == 30
    assert any("left wrist" in strip.name for strip in stage.strips)


def test_what_a_clip_does_is_told_by_its_measures() -> None:
    still = of(standing())
    turn, _, direction, jump = floor_words.describe_checks(still)
    assert turn.startswith("Turn: none") and "on the spot" in direction and "Jump: no" in jump
    assert "-0.00" not in direction
    walk = standing(41)
    walk[:, :, 2] += 0.05 * np.arange(41)[:, None]
    walk[20, :, 1] += 0.3
    _, _, direction, jump = floor_words.describe_checks(of(walk))
    assert "Direction: forward; +1.00 m/s" in direction and "Jump: yes" in jump
    told = floor_words.describe_path(of(walk))
    assert "goes 2.0 m" in told and "ends 2.0 m from" in told
    assert floor_words.describe_clip(of(walk)).startswith("41 frames, 2.0 s; a foot skates in ")


def test_a_mirrored_clip_is_told_the_other_way_round() -> None:
    positions = place(moving(80, 3))
    here, there = (floor_words.describe_checks(of(one)) for one in (positions, mirror(positions)))
    assert "Turn: to the" in here[0]
    assert ("to the left" in here[0]) == ("to the right" in there[0])
    more = "left" if "the left wrist" in here[1] else "right"
    assert f"the {'right' if more == 'left' else 'left'} wrist moves more" in there[1]
    assert here[3] == there[3], "a jump has no side"


@pytest.mark.parametrize(
    ("fps", "says"),
    [(20.0, "as they are"), (120.0, "every 6th frame"), (30.0, "straight lines between frames")],
)
def test_the_change_of_rate_is_told(fps: float, says: str) -> None:
    assert says in floor_words.describe_rate(of(standing(), file_fps=fps, file_frames=240))


def test_wilson_is_that_of_scipy() -> None:
    for trials in (1, 8, 50):
        for hits in range(trials + 1):
            right = binomtest(hits, trials).proportion_ci(method="wilson")
            np.testing.assert_allclose(wilson(hits, trials), (right.low, right.high), atol=1e-12)
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.fixture(scope="module")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for kind in ("motion-mamba", "kmm"):
        save_tiny(kind, folder / kind)
    return folder


@pytest.fixture
def here(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "SHIPPED", tiny_models)
    monkeypatch.setattr(shipped, "FOLDER", tiny_models)


# The tiny models know few words.
KNOWN = tuple(pair for pair in sides.PAIRS if pair.name in ("turn", "wave"))


@pytest.mark.usefixtures("here")
def test_sides_are_counted_by_the_measures_of_each_motion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "ALL", KNOWN)
    result = sides.sides(SidesConfig(side_seeds=3, side_seconds=1.0), QuietContext())
    assert result.notes["models"] == ["motion-mamba", "kmm"]
    assert result.notes["absent"] == ["transformer"]
    counts, lean = result.array("counts"), result.array("lean")
    assert counts.shape == (2, 2, 2, 3) and (counts.sum(-1) == 3).all()
    for p, pair in enumerate(KNOWN):
        np.testing.assert_array_equal(counts[:, p, :, 0], (lean[:, p] > pair.least).sum(-1))
        np.testing.assert_array_equal(counts[:, p, :, 2], (lean[:, p] < -pair.least).sum(-1))
    figure = side_views.draw_sides(result, Palette.light())
    assert check_axes(figure) == []
    assert [trace.name for trace in figure.data] == ["Motion Mamba", "KMM"]
    assert len(side_views.side_table(result)["sentence"]) == 8
    again = sides.sides(SidesConfig(side_seeds=3, side_seconds=1.0), QuietContext())
    np.testing.assert_array_equal(again.array("lean"), lean)


def test_every_pair_is_a_mirror_image_and_its_measure_changes_sign() -> None:
    positions = place(moving(60, 5))
    one, other = measure(positions), measure(mirror(positions))
    for pair in sides.ALL:
        swapped = mirror_text(pair.text)
        assert "left" in pair.text and "right" in swapped and mirror_text(swapped) == pair.text
        assert pair.lean(one) == pytest.approx(-pair.lean(other), abs=1e-9)
        assert {sides.side_of(pair, one), sides.side_of(pair, other)} in ({0, 2}, {1})


def counted(*counts: tuple[tuple[int, int, int], tuple[int, int, int]]) -> Result:
    array = np.array([[[*pair] for pair in counts]])
    names = [f"p{at}" for at in range(len(counts))]
    return Result(
        {"counts": Field(array, ("model", "pair", "told", "done"))},
        {"seeds": 20},
        {"models": ["m"], "pairs": names, "texts": [["a", "b"]] * len(counts),
         "rules": ["r"] * len(counts)},
    )  # fmt: skip


def test_a_lean_to_one_side_is_told_and_a_fair_model_is_not_accused() -> None:
    fair = counted(((20, 0, 0), (0, 0, 20)))
    assert "40 of 40" in side_views.describe_sides(fair)
    assert "No model leans" in side_views.describe_swaps(fair)
    leaning = counted(((20, 0, 0), (0, 0, 20)), ((20, 0, 0), (17, 2, 1)))
    assert "least for p1 right: 1 of 20" in side_views.describe_sides(leaning)
    assert "m, p1: 37 of 38 to the left" in side_views.describe_swaps(leaning)


@pytest.mark.parametrize("names", ["gpt2", "motion-mamba,gpt2"])
def test_models_that_there_are_not_are_named(names: str) -> None:
    with pytest.raises(BadInput, match="'gpt2' is none of motion-mamba, kmm, transformer"):
        SidesConfig.build(side_models=names)


def test_a_training_clip_is_its_own_nearest(tmp_path: Path) -> None:
    shelf = read_shelf(save_recordings(tmp_path / "data", train=6, val=3))
    clip = load_examples(tmp_path / "data", "train")[4]
    found = find_nearest(shelf, 1.3 * decode(clip.rows.astype(np.float64)))
    assert found is not None and found.name == clip.name
    assert found.distance < 0.02
    assert found.nearer == np.mean(shelf.usual < found.distance)
    assert find_nearest(shelf, decode(clip.rows[:8].astype(np.float64))) is None


def test_a_config_of_a_file_is_its_content_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(npz_bytes(Clip(moving(20))))
    kept: list[bytes] = []

    def put(data: bytes, name: str) -> str:
        kept.append(data)
        return "input:0123456789abcdef"

    config = ClipConfig(clip_from="file", motion_file=str(path), text="a man waves", seed=7)
    grounded = config.grounded(put)
    assert kept == [path.read_bytes()]
    assert grounded == ClipConfig(clip_from="file", motion_file="input:0123456789abcdef")
    for field in ("motion_file", "data"):
        named = ClipConfig(**{"clip_from": "file", field: str(path)})
        named.admit(local=True)
        with pytest.raises(BadInput, match=field):
            named.admit(local=False)


def test_a_recording_becomes_a_file_of_the_models_body(tmp_path: Path) -> None:
    folder = save_recordings(tmp_path / "data", train=4, val=2)
    kept: dict[str, bytes] = {}

    def put(data: bytes, name: str) -> str:
        kept[name] = data
        return "input:0123456789abcdef"

    config = ClipConfig(clip_from="recorded", recording="val1", data=str(folder))
    assert config.grounded(put).clip_from == "file"
    result = clips.clip(config.grounded(put), QuietContext(lambda address: kept["val1"]))
    assert len(result.array("positions")) == 40
    with pytest.raises(BadInput, match="'nobody' is not in the folder"):
        ClipConfig(clip_from="recorded", recording="nobody", data=str(folder)).grounded(put)
    with pytest.raises(BadInput, match="choose one"):
        ClipConfig(clip_from="recorded").fits(lambda address: b"")


def test_a_model_that_is_not_here_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(BadInput, match="'kmm' is not in this checkout"):
        ClipConfig(model="kmm").fits(lambda address: b"")


@pytest.mark.usefixtures("here")
def test_a_generated_clip_says_what_its_model_did_not_know() -> None:
    config = ClipConfig(text="a purple person walking", seconds=1.5, steps=2)
    result = clips.clip(config, QuietContext())
    assert len(result.array("positions")) == 31
    told = floor_words.describe_source(result)
    assert "not in its vocabulary: purple" in told and "walking as walks" in told
    assert floor_words.name_of(result) == "a purple person walking"
    assert len(JOINTS) == result.array("positions").shape[1]
