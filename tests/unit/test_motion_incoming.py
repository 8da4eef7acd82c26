"""Hands, tables that come back, and the first bytes of what somebody brings."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.cli import main
from engine.core.errors import BadInput
from engine.labs.motion.clip import Clip, place
from engine.labs.motion.files.arrays import csv_text, npz_bytes
from engine.labs.motion.files.bvh import world
from engine.labs.motion.files.bvh_read import read_bvh
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.files.doors import file_bytes, load_clip
from engine.labs.motion.files.hands import HANDS, SHARE, with_hands
from engine.labs.motion.files.incoming import read_motion
from engine.labs.motion.files.table import read_csv
from engine.labs.motion.skeleton import INDEX
from tests.motion_clips import moving
from tests.unit.test_motion_files import Glb, bad_npz


def test_a_hand_goes_on_from_its_forearm() -> None:
    positions = moving(9)
    made = with_hands(positions)
    assert made.shape == (9, 24, 3)
    np.testing.assert_array_equal(made[:, :22], positions)
    for at, side in enumerate(("left", "right")):
        elbow, wrist = (positions[:, INDEX[f"{side}_{name}"]] for name in ("elbow", "wrist"))
        hand = made[:, 22 + at] - wrist
        np.testing.assert_allclose(np.cross(hand, wrist - elbow), 0, atol=1e-12)
        np.testing.assert_allclose(
            np.linalg.norm(hand, axis=-1), SHARE * np.linalg.norm(wrist - elbow, axis=-1)
        )


@pytest.mark.parametrize("stretch", [False, True])
def test_bvh_and_glb_put_hands_where_the_arrays_have_them(stretch: bool) -> None:
    positions = moving(30, 2)
    wanted = with_hands(positions)[:, 22:]
    bvh = read_bvh(bvh_text(Clip(positions), stretch=stretch, hands=True).encode())
    joints, _ = world(bvh)
    _, nodes = Glb(file_bytes(Clip(positions), ".glb", hands=True)).animated()
    for at, name in enumerate(HANDS):
        np.testing.assert_allclose(joints[:, bvh.names.index(name)] / 100, wanted[:, at], atol=1e-5)
        np.testing.assert_allclose(nodes[name], wanted[:, at], atol=1e-5)
    arrays = np.load(io.BytesIO(file_bytes(Clip(positions), ".npz", hands=True)))
    np.testing.assert_allclose(arrays["joints"][:, 22:], wanted, atol=1e-6)


@pytest.mark.parametrize("ending", [".bvh", ".npz", ".csv"])
@pytest.mark.parametrize("hands", [False, True])
def test_what_was_written_comes_back(ending: str, hands: bool) -> None:
    positions = place(moving(40, 3))
    brought = read_motion(file_bytes(Clip(positions), ending, hands=hands))
    assert brought.kind == ending and brought.found.file_fps == 20
    found = brought.found.clip.positions
    assert np.linalg.norm(found - positions, axis=-1).max() < 1e-4


def test_a_table_at_another_rate_is_brought_to_20_frames_a_second() -> None:
    positions = place(moving(121))
    brought = read_motion(csv_text(Clip(positions, 120)).encode())
    assert (brought.found.file_frames, brought.found.file_fps) == (121, 120)
    found = brought.found.clip.positions
    assert len(found) == 21
    # The floor of fewer frames may lie elsewhere; the motion does not.
    np.testing.assert_allclose(found - found[:1, :1], positions[::6] - positions[:1, :1], atol=1e-5)


def test_columns_of_a_table_may_stand_in_any_order() -> None:
    positions = moving(5)
    rows = [line.split(",") for line in csv_text(Clip(positions)).splitlines()]
    turned = "\r\n".join(",".join(["x" if i == 0 else "0", *reversed(row)])
                         for i, row in enumerate(rows))  # fmt: skip
    np.testing.assert_allclose(read_csv(turned.encode()).positions, positions, atol=1e-6)


TABLE = csv_text(Clip(moving(4)))
LINES = TABLE.splitlines()
OWN = bvh_text(Clip(moving(4)))


def line_changed(at: int, old: str, new: str) -> bytes:
    lines = list(LINES)
    assert old in lines[at]
    lines[at] = lines[at].replace(old, new, 1)
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "must be BVH, NPZ, NPY or CSV"),
        (b"a walk in the park", "must be BVH, NPZ, NPY or CSV"),
        (b"glTF" + struct.pack("<II", 2, 12), "GLB is written here and not read"),
        (b"\x93NUMPY\x01\x00 broken", "npy: "),
        (npz_bytes(Clip(moving(4)))[:-40], "npz: is not a .npz file"),
        (bad_npz(joints=np.array([{}], dtype=object)), "holds Python objects"),
        (bad_npz(weights=np.zeros(3)), "it holds weights"),
        (bad_npz(joints=moving(2), fps=np.full(1, 500.0)), "less than 2 at 20"),
        (line_changed(0, "pelvis_x_m", "hip"), "lacks the column pelvis_x_m"),
        (line_changed(2, ",", ",1,"), "line 3: 69 values, but 68 columns"),
        (line_changed(3, ",0.1,", ",nan,"), "line 4: 'nan' is not a finite number"),
        (line_changed(3, ",0.1,", ",0.4,"), "time_s must rise by equal steps"),
        (line_changed(3, ",0.1,", ",0.11,"), "time_s must rise by equal steps"),
        (line_changed(3, ",0.1,", ",0.05,"), "time_s must rise by equal steps"),
        (LINES[0].encode() + b"\n", "must have 2 frames or more, not 0"),
        (OWN.replace("Frames: 4", "Frames: 0").encode(), "number of frames must be from 1"),
        (OWN.replace("Frame Time: 0.05", "Frame Time: 0").encode(), "the frame time must be"),
        (OWN.replace("CHANNELS 3", "CHANNELS 4").encode(), "4 channels are declared and 3 named"),
        ("\n".join([*OWN.splitlines()[:-1], "nan " * 3]).encode(), "numbers, but the hierarchy"),
    ],
)
def test_what_cannot_be_read_gets_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_motion(data)
    assert says in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_line_ends_and_blanks_before_a_bvh_file_do_not_matter(ends: str) -> None:
    brought = read_motion((ends + OWN.replace("\n", ends)).encode())
    assert brought.kind == ".bvh" and len(brought.found.clip.positions) == 4


def test_convert_appends_hands_and_reads_tables(tmp_path: Path, capsys) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "b.bvh"
    source.write_text(csv_text(Clip(place(moving(30)))))
    assert main(["motion", "convert", str(source), str(target), "--hands", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["frames"] == 30 and answer["reimport_error_mm"] < 0.1
    assert set(HANDS) < set(read_bvh(target).names)
    np.testing.assert_allclose(
        load_clip(target).clip.positions, load_clip(source).clip.positions, atol=1e-4
    )
