"""Real recordings: the five BVH files, the shards that were made from them, and their figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.cli import main
from engine.labs.motion import features
from engine.labs.motion.clip import place
from engine.labs.motion.files.bvh import world
from engine.labs.motion.files.bvh_import import BRANCH_BONES, T_POSE, Imported, import_bvh
from engine.labs.motion.files.bvh_read import read_bvh
from engine.labs.motion.files.doors import load_clip
from engine.labs.motion.humanml import from_humanml, to_humanml
from engine.labs.motion.own_folders import read_cmu_folder
from engine.labs.motion.recordings import read_recordings
from engine.labs.motion.skeleton import INDEX, PARENTS, leg_length

pytestmark = pytest.mark.shared
CMU, POSER = "cmu_09_01_motionbuilder_120fps.bvh", "cmu_09_01_poser_120fps.bvh"
MAX, ICLONE = "cmu_131_03_3dsmax_120fps.bvh", "cmu_007_11_iclone_60fps.bvh"
BANDAI = "bandai_walk_turn_left_normal_30fps.bvh"
FILES = (CMU, POSER, MAX, ICLONE, BANDAI)
every_file = pytest.mark.parametrize("name", FILES)


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "motion"


def imported(folder: Path, name: str, **options: bool) -> Imported:
    return import_bvh(read_bvh(folder / "bvh" / name), **options)


def shard(folder: Path, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """Every sequence of a shard as positions (frames, 22, 3), as its README says."""
    with np.load(folder / f"{name}.npz") as file:
        arrays = dict(file)
    starts, lengths = arrays["seq_start"], arrays["seq_len"]
    for name, start, length in zip(arrays["seq_id"], starts, lengths, strict=True):
        part = slice(start, start + length)
        root = arrays["root"][part, None].astype(np.float64)
        yield str(name), np.concatenate([root, root + arrays["local"][part]], axis=1)


@every_file
def test_joints_are_where_another_reader_found_them(folder, name) -> None:
    expected = json.loads((folder / "bvh" / "expected.json").read_text())[name]
    bvh = read_bvh(folder / "bvh" / name)
    assert len(bvh.names) == expected["joints"]
    assert len(bvh.ends) == expected["end_sites"]
    assert bvh.values.shape == (expected["frames"], expected["channels"])
    assert bvh.frame_time == expected["frame_time"]
    assert bvh.names[0] == expected["root"]
    for joint, channels in expected["channel_order"].items():
        assert list(bvh.channels[bvh.names.index(joint)]) == channels
    positions, _ = world(bvh)
    for frame, places in expected["world_positions"].items():
        for joint, place_of in places.items():
            found = positions[int(frame), bvh.names.index(joint)]
            np.testing.assert_allclose(found, place_of, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "skeleton", "frames", "fps", "fixes"),
    [
        (CMU, "CMU, MotionBuilder names", 25, 120, (BRANCH_BONES, T_POSE)),
        (POSER, "Poser", 25, 120, ()),
        (MAX, "CMU, 3ds Max names", 40, 120, (BRANCH_BONES,)),
        (ICLONE, "iClone", 30, 60, ()),
        (BANDAI, "Bandai Namco", 70, 30, ()),
    ],
)
def test_each_file_becomes_a_person_on_the_floor(
    folder, name, skeleton, frames, fps, fixes
) -> None:
    found = imported(folder, name)
    positions = found.clip.positions
    assert (found.skeleton, found.file_fps, found.fixes) == (skeleton, fps, fixes)
    assert positions.shape == (frames, 22, 3)
    head = positions[:, INDEX["head"], 1]
    assert 1.2 < head.mean() < 1.8
    assert -0.05 < positions[:, [10, 11], 1].min() < 0.05
    bones = np.linalg.norm(positions[:, 1:] - positions[:, PARENTS[1:]], axis=-1)
    # Bandai's bones stretch where two frames are averaged; iClone's neck has two joints.
    assert np.ptp(bones, axis=0).max() < 0.004
    left, right = positions[0, INDEX["left_hip"]], positions[0, INDEX["right_hip"]]
    assert left[0] > right[0], "left is at +x"


def test_a_namespace_keeps_no_bone_lost(folder) -> None:
    plain = read_bvh(folder / "bvh" / CMU)
    named = replace(plain, names=tuple(f"actor:{name}" for name in plain.names))
    found, right = import_bvh(named), import_bvh(plain)
    assert found.fixes == right.fixes
    np.testing.assert_array_equal(found.clip.positions, right.clip.positions)


@pytest.mark.parametrize(
    ("name", "part", "sequence"),
    [
        (CMU, "cmu_train", "cmu_09_01"),
        (BANDAI, "bandai2_train", "bn2_walk-turn-left_normal_002"),
    ],
)
def test_the_import_is_the_shard_that_others_made_of_the_file(folder, name, part, sequence) -> None:
    right = dict(shard(folder, part))[sequence]
    # The shards keep joints in half precision: half a millimetre.
    assert np.abs(imported(folder, name).clip.positions - right).max() < 5e-4


def test_without_the_repair_head_and_arms_sit_too_low(folder) -> None:
    right = imported(folder, CMU, keep_place=True).clip.positions
    bare = read_bvh(folder / "bvh" / CMU)
    lame = import_bvh(bare, repair=False, keep_place=True)
    assert lame.fixes == ()
    # The T-pose stays, so that frames are one later.
    frame = 6 * np.arange(1, 20)
    places, _ = world(bare)
    head = bare.names.index("Head")
    lost = right[1:20, INDEX["head"]] - lame.unit * places[frame + 1, head]
    # By one bone, the upper back's length; 0.117 m of subject 2, a little less of this one.
    upper_back = lame.unit * np.linalg.norm(bare.offsets[bare.names.index("Spine1")])
    np.testing.assert_allclose(np.linalg.norm(lost, axis=-1), upper_back, atol=1e-9)
    assert 0.10 < upper_back < 0.12


def test_one_motion_on_two_skeletons_bends_the_knees_alike(folder) -> None:
    """Converted twice by others: bodies and rotation orders differ, the run does not."""

    def bend(name: str, side: str) -> np.ndarray:
        positions = imported(folder, name).clip.positions[4:]  # arms and legs leave a T-pose
        hip, knee, ankle = (
            positions[:, INDEX[f"{side}_{part}"]] for part in ("hip", "knee", "ankle")
        )
        thigh, shin = hip - knee, ankle - knee
        cos = (
            (thigh * shin).sum(-1) / np.linalg.norm(thigh, axis=-1) / np.linalg.norm(shin, axis=-1)
        )
        return np.arccos(cos)

    for side in ("left", "right"):
        one, other = bend(CMU, side), bend(POSER, side)
        assert np.corrcoef(one, other)[0, 1] > 0.95


@every_file
@pytest.mark.parametrize("ending", ["npz", "bvh"])
def test_every_file_goes_out_and_comes_back(folder, tmp_path, capsys, name, ending) -> None:
    target = tmp_path / f"out.{ending}"
    words = ["motion", "convert", str(folder / "bvh" / name), str(target), "--stretch", "--json"]
    assert main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["reimport_error_mm"] < 0.01
    ours, right = load_clip(target, keep_place=True).clip, imported(folder, name).clip
    assert np.linalg.norm(ours.positions - right.positions, axis=-1).max() < 1e-5


@pytest.mark.parametrize("name", [CMU, POSER, MAX])
def test_rigid_bones_need_no_position_channels(folder, tmp_path, capsys, name) -> None:
    words = ["motion", "convert", str(folder / "bvh" / name), str(tmp_path / "out.bvh"), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["reimport_error_mm"] < 0.01


@pytest.mark.parametrize("part", ["cmu_val", "bandai1_val", "bandai2_val"])
def test_features_give_real_motion_back(folder, part) -> None:
    for name, positions in shard(folder, part):
        placed = place(positions)
        single = placed.astype(np.float32)
        again = features.decode(features.encode(single))
        assert np.abs(again - single).max() < 2e-5, name
        again = features.decode(features.encode(placed))
        assert np.abs(again - placed).max() < 1e-9, name
        again = features.decode(from_humanml(to_humanml(placed)))
        assert np.abs(again - placed).max() < 1e-9, name


def test_features_have_the_means_and_deviations_that_were_measured(folder) -> None:
    """Others' figures over all training sequences: heading, pelvis, joints and displacements.

    Contacts followed another rule there, and the floor lay half a millimetre elsewhere.
    """
    rows = [
        features.encode(positions)
        for part in ("cmu_train", "bandai1_train", "bandai2_train")
        for _, positions in shard(folder, part)
    ]
    with np.load(folder / "feat137_stats.npz") as file:
        right = dict(file)
    assert sum(map(len, rows)) == right["frames"]
    sums = sum(part[:, :133].sum(0) for part in rows)
    squares = sum((part[:, :133] ** 2).sum(0) for part in rows)
    mean = sums / right["frames"]
    deviation = np.sqrt(squares / right["frames"] - mean**2)
    for columns, apart in (
        (features.YAW, 1e-5),
        (features.ROOT, 1e-6),
        (features.HEIGHT, 1e-3),
        (features.LOCAL, 1e-3),
        (features.VELOCITY, 1e-4),
    ):
        np.testing.assert_allclose(mean[columns], right["mean"][columns], atol=apart)
        np.testing.assert_allclose(deviation[columns], right["std"][columns], atol=apart)


def test_turns_have_the_sign_of_their_words(folder) -> None:
    """Left adds to the heading, for the turns of the validation set."""
    count = 0
    for name, positions in shard(folder, "bandai2_val"):
        for word, sign in (("walk-turn-left", 1), ("walk-turn-right", -1)):
            if word in name:
                turned = np.rad2deg(features.encode(positions)[:, 0].sum())
                assert sign * turned > 20, name
                count += 1
    assert count >= 10


def test_the_folder_is_read_as_its_readme_counts_it(folder) -> None:
    train, held = read_recordings(folder), read_recordings(folder, "val")
    assert (len(train), len(held)) == (2605, 144)
    assert sum(len(one.windows) for one in [*train, *held]) == 2868
    assert sum(len(one.segments) for one in train) == 25
    for one in held:
        # Theirs is of another mean over frames; stretched bones differ by a centimetre.
        assert abs(leg_length(one.positions) - one.leg_length) < 0.015


def test_a_file_of_cmu_finds_its_words_by_its_trial(folder, tmp_path) -> None:
    (tmp_path / "09_01.bvh").write_bytes((folder / "bvh" / CMU).read_bytes())
    (found,) = read_cmu_folder(tmp_path, folder / "cmu_text_manifest.jsonl.gz")
    assert found.name == "cmu_09_01"
    assert "run" in found.captions
