"""BVH from somebody else: what is read leniently, and one sentence for what is not."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import BadInput
from engine.labs.motion.clip import Clip
from engine.labs.motion.files.bvh import world
from engine.labs.motion.files.bvh_import import find_profile, import_bvh
from engine.labs.motion.files.bvh_read import read_bvh
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.skeleton import leg_length
from tests.motion_clips import moving

SMALL = """HIERARCHY
ROOT hips
{
  OFFSET 1 2 3
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT knee
  {
    OFFSET 0 -1 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 -2 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.05
10 20 30 0 0 0 0 0 0
10 20 30 90 0 0 90 0 0
"""


def test_positions_take_the_place_of_offsets_and_rotations_add_up() -> None:
    positions, turned = world(read_bvh(SMALL.encode()))
    np.testing.assert_allclose(positions[0], [[10, 20, 30], [10, 19, 30]])
    # A quarter turn about z brings what hung down to the right; the next one brings it up.
    np.testing.assert_allclose(positions[1], [[10, 20, 30], [11, 20, 30]], atol=1e-12)
    np.testing.assert_allclose(turned[1, 1] @ [0, -2, 0], [0, 2, 0], atol=1e-12)


def test_channels_are_applied_in_the_order_in_which_they_are_listed() -> None:
    text = SMALL.replace("90 0 0 90 0 0", "90 90 0 0 0 0")
    listed = "Zrotation Xrotation Yrotation\n  JOINT"
    other = text.replace(listed, "Xrotation Zrotation Yrotation\n  JOINT")
    knees = [world(read_bvh(one.encode()))[0][1, 1] - [10, 20, 30] for one in (text, other)]
    np.testing.assert_allclose(knees, [[0, 0, -1], [1, 0, 0]], atol=1e-12)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("\n", "\r"),
        ("ROOT hips\n{", "ROOT hips {"),
        ("HIERARCHY", "\n\nhierarchy"),
        ("End Site", "End site left"),
        ("Frames: 2", "Frames:\t2"),
        ("Frame Time: 0.05", "Frame Time:\t.05"),
        ("Xposition", "XPOSITION"),
        ("10 20 30 90", "  1e1\t20 30 90"),
        ("ROOT hips", "ROOT hips of the body"),
    ],
)
def test_what_files_vary_in_is_read(old, new) -> None:
    right = world(read_bvh(SMALL.encode()))[0]
    np.testing.assert_array_equal(world(read_bvh(SMALL.replace(old, new).encode()))[0], right)


def test_a_joint_without_an_end_site_is_read_and_told() -> None:
    bvh = read_bvh(SMALL.replace("    End Site\n    {\n      OFFSET 0 -2 0\n    }\n", "").encode())
    assert bvh.notices == ("1 joint without an end site (knee)",)
    assert bvh.ends == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("HIERARCHY", "HIERARCHIE", "line 1: 'HIERARCHY' is expected, not 'HIERARCHIE'"),
        ("ROOT hips", "ROOT", "line 2: 'ROOT' and a name is expected"),
        ("CHANNELS 6 X", "CHANNELS 5 X", "line 5: 5 channels are declared and 6 named"),
        ("CHANNELS 3", "CHANNELS three", "line 9: a number of channels from 0 to 6"),
        ("CHANNELS 3", "CHANNELS 30", "line 9: a number of channels from 0 to 6"),
        ("CHANNELS 3 Zrotation", "CHANNELS 3 Wrotation", "line 9: the channel 'Wrotation' is none"),
        ("CHANNELS 3 Zrotation X", "CHANNELS 3 Zrotation Z", "line 9: a channel is named twice"),
        ("    CHANNELS 3 Zrotation Xrotation Yrotation\n", "", "line 13: 'knee' lists no channels"),
        ("OFFSET 0 -1 0", "OFFSET 0 -1", "line 8: the offset must be 3 numbers, not 2"),
        ("OFFSET 0 -1 0", "OFFSET 0 -1 zero", "line 8: number 3 of the offset is 'zero'"),
        ("OFFSET 0 -2 0", "OFFSET 0 inf 0", "line 12: number 2 of the offset of the end site"),
        ("JOINT knee", "JOINT hips", "line 6: there are two joints called 'hips'"),
        ("JOINT knee", "BONE knee", "line 6: CHANNELS, JOINT, End Site or } is expected"),
        ("}\nMOTION", "MOTION", "line 15: CHANNELS, JOINT, End Site or } is expected"),
        ("}\nMOTION", "}\nROOT two", "line 16: 'MOTION' after the one root is expected"),
        ("Frames: 2", "Frames: 0", "line 17: the number of frames must be from 1 to 100,000"),
        ("Frames: 2", "Frames: -2", "line 17: the number of frames"),
        ("Frames: 2", "Frames: 2.5", "line 17: the number of frames"),
        ("Frames: 2", "Frames: 99999999999999", "line 17: the number of frames"),
        ("Frames: 2", "Frames: 3", "3 frames are declared, but the file ends after 2"),
        ("Frames: 2", "Frames: 1", "line 20: there is more than the 1 frames that are declared"),
        ("Frame Time: 0.05", "Frame Time: 0", "line 18: the frame time must be from 0.001 to 1"),
        ("Frame Time: 0.05", "Frame Time: -0.05", "line 18: the frame time must be"),
        ("Frame Time: 0.05", "Frame Time: 20", "line 18: the frame time must be"),
        ("Frame Time: 0.05", "Frame Time: nan", "line 18: number 1 of the frame time is 'nan'"),
        ("Frame Time: 0.05", "FPS: 20", "line 18: 'Frame Time: ' and seconds is expected"),
        ("90 0 0 90 0 0", "90 0 0 90 0", "line 20: 8 numbers, but the hierarchy has 9 channels"),
        ("90 0 0 90 0 0", "90 0 0 90 0 0 0", "line 20: 10 numbers"),
        ("90 0 0 90 0 0", "90 0 0 90 NaN 0", "line 20: number 8 (knee Xrotation) of the frame is"),
        ("10 20 30 90", "10 1e300 30 90", "line 20: number 2 (hips Yposition)"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_with_its_line(old, new, says) -> None:
    assert old in SMALL
    with pytest.raises(BadInput) as caught:
        read_bvh(SMALL.replace(old, new).encode())
    assert caught.value.field == "bvh"
    assert says in caught.value.reason


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "zero byte"),
        (SMALL.encode("utf-16"), "zero byte"),
        (SMALL.encode()[:100], "line 5: 6 channels are declared and 5 named"),
        (SMALL.split("End Site")[0].encode(), "the file ends where '}' of the joint 'knee'"),
        (b"hello", "'HIERARCHY' is expected"),
    ],
)
def test_what_is_no_bvh_is_refused(data, says) -> None:
    with pytest.raises(BadInput, match=says):
        read_bvh(data)


def test_a_very_deep_and_a_very_wide_hierarchy() -> None:
    def nested(count: int) -> bytes:
        head = "".join(
            f"JOINT j{i} {{ OFFSET 0 1 0\nCHANNELS 0\n".replace("{ ", "{\n") for i in range(count)
        )
        return (
            "HIERARCHY\nROOT r {\nOFFSET 0 0 0\nCHANNELS 1 Xrotation\n"
            + head
            + "}\n" * (count + 1)
            + "MOTION\nFrames: 1\nFrame Time: .05\n0\n"
        ).encode()

    assert len(read_bvh(nested(999)).names) == 1000
    with pytest.raises(BadInput, match="at most 1,000 joints"):
        read_bvh(nested(1000))


def test_joints_without_known_names_are_named() -> None:
    with pytest.raises(BadInput, match="its 2 joints are none of the known skeletons") as caught:
        import_bvh(read_bvh(SMALL.encode()))
    assert "lacks" in caught.value.reason
    text = bvh_text(Clip(moving(5))).replace("JOINT left_wrist", "JOINT left_paw")
    with pytest.raises(BadInput, match=r"Engram Lab, lacks left_wrist \(left_wrist\)"):
        import_bvh(read_bvh(text.encode()))


def of_another_program(text: str) -> bytes:
    """The same skeleton, its limbs tipped as nothing is that is written here."""
    return re.sub(r"(End Site\s+\{\s+OFFSET) .*", r"\1 0 0 3", text).encode()


@pytest.mark.parametrize(
    ("scale", "unit"), [(1, 0.01), (0.01, 1.0), (1 / 2.54, 0.0254), (10, 0.001)]
)
def test_the_unit_is_found_by_the_length_of_legs(scale, unit) -> None:
    positions = moving(40)
    text = bvh_text(Clip(positions * scale))
    found = import_bvh(read_bvh(of_another_program(text)))
    assert found.unit == unit
    assert leg_length(found.clip.positions) == pytest.approx(leg_length(positions), rel=1e-3)


def test_legs_of_no_human_length_are_refused() -> None:
    text = bvh_text(Clip(moving(5) * 500))
    with pytest.raises(BadInput, match="thigh and shin are"):
        import_bvh(read_bvh(of_another_program(text)))


def test_a_namespace_before_the_names_is_ignored() -> None:
    assert find_profile(tuple(f"mixamorig:{name}" for name in MIXAMO)).name == "Mixamo and LAFAN1"


def test_bones_that_nothing_tells_the_length_of_are_left_as_they_are() -> None:
    names = {"pelvis": "Hips", "spine1": "Spine", "spine2": "Spine1", "spine3": "Neck",
             "neck": "Neck1", "head": "Head", "hip": "UpLeg", "knee": "Leg", "ankle": "Foot",
             "foot": "ToeBase", "collar": "Shoulder", "shoulder": "Arm", "elbow": "ForeArm",
             "wrist": "FingerBase"}  # fmt: skip
    ours = read_bvh(bvh_text(Clip(moving(5))).encode())
    told = [name.rpartition("_") for name in ours.names]
    theirs = tuple(f"{side.capitalize()}{names.get(part, part)}" for side, _, part in told)
    offsets = ours.offsets.copy()
    for name in ("Neck", "LeftShoulder", "RightShoulder", "LeftFingerBase", "RightFingerBase"):
        offsets[theirs.index(name)] = 0
    # There are no hands, whose offsets are twice those of the lost forearms.
    found = import_bvh(replace(ours, names=theirs, offsets=offsets))
    assert (found.skeleton, found.fixes) == ("CMU, MotionBuilder names", ())


MIXAMO = (
    *("Hips", "Spine", "Spine1", "Spine2", "Neck", "Head"),
    *("LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand"),
    *("RightShoulder", "RightArm", "RightForeArm", "RightHand"),
    *("LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToeBase"),
    *("RightUpLeg", "RightLeg", "RightFoot", "RightToeBase"),
)


def test_one_frame_is_too_few() -> None:
    text = bvh_text(Clip(moving(2), fps=120)).encode()
    with pytest.raises(BadInput, match="2 frames at 120 a second are less than 2 at 20"):
        import_bvh(read_bvh(text))


def test_a_file_that_plays_for_hours_is_refused_by_its_header() -> None:
    """The numbers are not looked at: those here are none, and there is one row of 20,000."""
    text = bvh_text(Clip(moving(4)))
    head = text[: text.index("Frames:")]
    with pytest.raises(BadInput, match=r"20,000 frames of 1 s are 333 minutes; at most 83 minutes"):
        read_bvh(f"{head}Frames: 20000\nFrame Time: 1.0\nno number\n".encode())
    with pytest.raises(BadInput, match=r"2 numbers, but the hierarchy"):
        read_bvh(f"{head}Frames: 5000\nFrame Time: 1.0\nno number\n".encode())
