"""Files that are read again as they are written, and what a BVH file is found to hold."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.core.context import QuietContext
from engine.core.errors import BadInput
from engine.core.result import Result
from engine.figures import Palette, check_axes
from engine.labs.motion import clips
from engine.labs.motion.clip import Clip, place
from engine.labs.motion.config.clip import ClipConfig
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.files.doors import file_bytes
from engine.labs.motion.files.glb import glb_bytes
from engine.labs.motion.files.glb_read import read_own_glb
from engine.labs.motion.files.reimport import write_and_read
from engine.labs.motion.skeleton import JOINTS
from engine.labs.motion.views import export
from tests.motion_clips import moving
from tests.unit.test_motion_files import Glb

KINDS = tuple(export.KINDS)


def brought(data: bytes, **settings: object) -> Result:
    config = ClipConfig(clip_from="file", motion_file="input:0123456789abcdef", **settings)
    config.fits(lambda address: data)
    return clips.clip(config, QuietContext(lambda address: data))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hands", [False, True])
def test_rigid_bones_come_back_in_every_format(kind: str, hands: bool) -> None:
    one = write_and_read(Clip(place(moving(40))), kind, hands=hands)
    assert (one.frames, one.fps, one.error_mm.shape) == (40, 20, (40, 22))
    assert one.error_mm.max() < 0.1
    assert f"{40} frames at 20 a second" in export.describe_error(one)


def stretched() -> Clip:
    """A body whose lower arms grow and shrink by a fifth."""
    positions = moving(40)
    by = 0.2 * np.sin(np.arange(40) / 3)[:, None]
    for elbow, wrist in ((18, 20), (19, 21)):
        positions[:, wrist] += by * (positions[:, wrist] - positions[:, elbow])
    return Clip(positions)


@pytest.mark.parametrize("kind", KINDS)
def test_bones_that_stretch_are_lost_where_a_format_has_one_length(kind: str) -> None:
    one = write_and_read(stretched(), kind, stretch=False)
    wrists = one.error_mm[:, [20, 21]].max()
    others = np.delete(one.error_mm, [20, 21], axis=1).max()
    assert others < 0.1
    if kind in (".bvh", ".glb"):
        assert wrists > 20
        assert "wrist" in export.describe_error(one)
    else:
        assert wrists < 0.1


@pytest.mark.parametrize("hands", [False, True])
@pytest.mark.parametrize("kind", [".bvh", ".glb"])
def test_moving_joints_keep_bones_that_stretch(kind: str, hands: bool) -> None:
    one = write_and_read(stretched(), kind, stretch=True, hands=hands)
    assert one.moving and one.error_mm.max() < 0.01


def test_joints_of_a_glb_move_unless_asked_otherwise_and_those_of_a_bvh_do_not() -> None:
    assert file_bytes(stretched(), ".glb") == glb_bytes(stretched(), stretch=True)
    assert file_bytes(stretched(), ".bvh") == bvh_text(stretched(), stretch=False).encode()
    rigid = Clip(moving(20))
    assert glb_bytes(rigid) == glb_bytes(rigid, stretch=False), "nothing moves, nothing is written"


def test_sticks_end_at_the_joints_at_every_frame() -> None:
    clip = stretched()
    places = Glb(glb_bytes(clip)).tips()
    for joint, name in enumerate(JOINTS[1:], start=1):
        found = places[f"{name}_bone"]
        assert np.abs(found - clip.positions[:, joint]).max() < 1e-4, name


@pytest.mark.parametrize("times", [1, 10])
def test_what_comes_back_is_a_ghost_and_its_worst_joint_is_lit(times: int) -> None:
    result = brought(bvh_text(stretched(), stretch=True).encode())
    clip = Clip(export.positions32(result))
    one = write_and_read(clip, ".bvh", stretch=False)
    worst = int(one.error_mm.max(0).argmax())
    assert JOINTS[worst] in ("left_wrist", "right_wrist")
    stage = export.reimport_stage(result, one, times=times)
    (lane,) = stage.lanes
    assert lane.ghost is not None and lane.light is not None
    apart = 1e3 * np.linalg.norm(lane.ghost - lane.positions, axis=-1)
    np.testing.assert_allclose(apart, times * one.error_mm, atol=2e-3 * times)
    assert not np.delete(lane.light, worst, axis=1).any()
    np.testing.assert_allclose(
        lane.light[:, worst], one.error_mm[:, worst] / one.error_mm.max(), atol=1e-4
    )
    assert export.NAMES[worst] in lane.under and ("10 times" in lane.under) == (times == 10)
    np.testing.assert_allclose(stage.strips[0].values, one.error_mm[:, worst], atol=2e-3)


def test_a_file_that_loses_nothing_lights_no_joint_falsely() -> None:
    result = brought(bvh_text(Clip(place(moving(40)))).encode())
    one = write_and_read(Clip(export.positions32(result)), ".npz")
    (lane,) = export.reimport_stage(result, one).lanes
    assert lane.light is not None and np.isfinite(lane.light).all()
    assert np.abs(lane.ghost - lane.positions).max() < 1e-5


def test_losses_are_told_by_their_errors() -> None:
    result = brought(bvh_text(stretched(), stretch=True).encode())
    rigid = [write_and_read(Clip(place(moving(20))), kind) for kind in KINDS]
    assert "within a millimetre" in export.describe_losses(result, rigid)
    loose = [write_and_read(stretched(), kind, stretch=False) for kind in KINDS]
    said = export.describe_losses(result, loose)
    assert said.startswith("BVH and GLB move ") and "BVH and GLB with moving joints" in said
    assert export.describe_kept(loose).startswith("BVH and GLB keep the directions of bones")
    usual = [write_and_read(stretched(), kind) for kind in KINDS]
    assert export.describe_losses(result, usual).startswith("BVH moves ")
    assert export.describe_kept(usual).startswith("GLB keeps the length of every bone")
    held = [write_and_read(stretched(), kind, stretch=True) for kind in KINDS]
    assert "within a millimetre" in export.describe_losses(result, held)
    rows = export.error_rows(usual)
    assert rows[2]["greatest error"] in ("0 mm", "below 0.001 mm")
    assert not any("e-" in row["mean error"] for row in rows)
    kept = [row["keeps"] for row in rows]
    assert kept == ["bones of one length", "bones that change length", "joints", "joints"]
    assert [row["format"] for row in rows] == ["BVH", "GLB", "NPZ", "CSV"]
    assert {row["frames"] for row in rows} == {"40 at 20 a second"}
    assert check_axes(export.draw_error(loose[0], Palette.light())) == []
    assert len(export.joint_table(loose[0])["joint"]) == 22


@pytest.mark.parametrize("hands", [False, True])
def test_our_reader_of_glb_finds_what_the_specification_says(hands: bool) -> None:
    data = glb_bytes(Clip(moving(30, 4), 30), hands=hands)
    times, nodes = Glb(data).animated()
    found = read_own_glb(data)
    assert found.fps == pytest.approx(1 / np.diff(times).mean(), rel=1e-4)
    for joint, name in enumerate(JOINTS):
        np.testing.assert_allclose(found.positions[:, joint], nodes[name], atol=1e-5)


def without(key: str) -> bytes:
    data = glb_bytes(Clip(moving(3)))
    size = struct.unpack_from("<I", data, 12)[0]
    scene = json.loads(data[20 : 20 + size])
    del scene[key]
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    rest = data[20 + size :]
    return struct.pack("<4sII", b"glTF", 2, 20 + len(text) + len(rest)) + struct.pack(
        "<I4s", len(text), b"JSON") + text + rest  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [b"", b"glTF", glb_bytes(Clip(moving(3)))[:-8], without("animations"), without("accessors")],
)
def test_a_glb_of_another_layout_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="is not laid out as written here"):
        read_own_glb(data)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "skeleton", "frames", "rate"),
    [
        ("cmu_09_01_motionbuilder_120fps", "CMU, MotionBuilder names", 149, 120),
        ("cmu_131_03_3dsmax_120fps", "CMU, 3ds Max names", 240, 120),
        ("cmu_007_11_iclone_60fps", "iClone", 90, 60),
        ("bandai_walk_turn_left_normal_30fps", "Bandai Namco", 105, 30),
        ("cmu_09_01_poser_120fps", "Poser", 149, 120),
    ],
)
def test_files_of_others_are_told_as_they_are(
    shared_data: Path, name: str, skeleton: str, frames: int, rate: int
) -> None:
    folder = shared_data / "motion" / "bvh"
    result = brought((folder / f"{name}.bvh").read_bytes())
    expected = json.loads((folder / "expected.json").read_text())[f"{name}.bvh"]
    notes = result.notes
    told = (notes["joints"], notes["channels"], notes["ends"])
    assert told == (expected["joints"], expected["channels"], expected["end_sites"])
    assert (notes["skeleton"], notes["file_frames"], notes["file_fps"]) == (skeleton, frames, rate)
    assert len(notes["hierarchy"]) == notes["joints"]
    said = " ".join(export.describe_file(result))
    assert f"{notes['joints']} joints, {notes['channels']} channels" in said
    assert ("CMU branch-bone repair: made" in said) == (
        name in ("cmu_09_01_motionbuilder_120fps", "cmu_131_03_3dsmax_120fps")
    )
    assert ("position channels; they replace" in said) == name.startswith("bandai")
    table = export.hierarchy_table(result)
    assert table["parent"][0] == "" and all(table["parent"][1:])


@pytest.mark.shared
def test_the_repair_is_offered_where_it_is_switched_off(shared_data: Path) -> None:
    path = shared_data / "motion" / "bvh" / "cmu_09_01_motionbuilder_120fps.bvh"
    made, left = (brought(path.read_bytes(), repair=on) for on in (True, False))
    assert "CMU branch-bone repair: offered, not made" in " ".join(export.describe_file(left))
    height = [np.ptp(one.array("positions")[5, :, 1]) for one in (made, left)]
    assert height[0] > height[1] + 0.08, "the thorax is back"


HIERARCHY, _, MOTION = bvh_text(Clip(moving(4))).partition("MOTION")
THREE = """HIERARCHY
ROOT a
{
OFFSET 0 0 0
CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
JOINT b
{
OFFSET 0 10 0
CHANNELS 3 Zrotation Xrotation Yrotation
JOINT c
{
OFFSET 0 10 0
CHANNELS 3 Zrotation Xrotation Yrotation
}
}
}
MOTION
Frames: 2
Frame Time: 0.05
0 0 0 0 0 0 0 0 0 0 0 0
0 0 0 0 0 0 0 0 0 0 0 0
"""


def many(count: int) -> str:
    """A chain of so many joints with names that nobody knows."""
    open_ = "".join(
        f"{'JOINT' if at else 'ROOT'} j{at}\n{{\nOFFSET 0 1 0\nCHANNELS 3 Zrotation Xrotation "
        "Yrotation\n"
        for at in range(count)
    )
    row = " ".join(["0"] * 3 * count)
    return (
        f"HIERARCHY\n{open_}End Site\n{{\nOFFSET 0 1 0\n}}\n{'}' * count}\nMOTION\nFrames: 2\n"
        f"Frame Time: 0.05\n{row}\n{row}\n"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (THREE, "its 3 joints are none of the known skeletons"),
        (many(100), "its 100 joints are none of the known skeletons"),
        (bvh_text(Clip(moving(4))).replace("Time: 0.05", "Time: 5"), "must be from 0.001 to"),
        (HIERARCHY + "MOTION\nFrames: 0\nFrame Time: 0.05\n", "frames must be from 1 to"),
        ((HIERARCHY + "MOTION" + MOTION).replace("CHANNELS 3", "CHANNELS 2", 1), "are declared"),
    ],
)
def test_a_bvh_file_that_cannot_be_used_is_refused_before_a_run(text: str, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        brought(text.encode())
    assert says in str(caught.value)


def test_a_joint_without_an_end_site_is_read_and_told() -> None:
    text = bvh_text(Clip(moving(4)))
    start = text.index("End Site")
    cut = text[:start] + text[text.index("}", start) + 1 :]
    said = " ".join(export.describe_file(brought(cut.encode())))
    assert "Read leniently: 1 joint without an end site" in said
