"""Folders of recordings: the lab's own shards, HumanML3D's layout, CMU's files by a manifest."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core.errors import BadInput
from engine.labs.motion.clip import Clip, place
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.humanml import to_humanml
from engine.labs.motion.own_folders import read_cmu_folder, read_humanml_folder
from engine.labs.motion.recordings import read_recordings
from tests.motion_clips import moving


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))


def sequence(name: str, offset: int, frames: int, **more: object) -> dict[str, Any]:
    return {
        "seq_id": name,
        "dataset": "cmu",
        "split": "train",
        "shard": "cmu_train.npz",
        "offset": offset,
        "frames": frames,
        "fps": 20,
        "captions": [{"text": "a person walks", "source": "us"}],
        "leg_length": 0.8,
        "segments": [{"start": 0, "end": 5, "text": "walk", "source": "us"}],
        "comb_holdout": False,
        "lead_in": 3,
        "content": "walk",
        "style": None,
    } | more


def clip(name: str, start: int, end: int, kind: str = "trial") -> dict[str, Any]:
    return {
        "clip_id": f"{name}:0",
        "seq_id": name,
        "start": start,
        "end": end,
        "captions": ["a person walks"],
        "kind": kind,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    positions = np.concatenate([moving(20, 1), moving(30, 2)])
    np.savez_compressed(
        tmp_path / "cmu_train.npz",
        root=positions[:, 0].astype(np.float32),
        local=(positions[:, 1:] - positions[:, :1]).astype(np.float16),
        seq_id=np.array(["one", "two"]),
        seq_start=np.array([0, 20], dtype=np.int32),
        seq_len=np.array([20, 30], dtype=np.int32),
    )
    write_lines(tmp_path / "sequences.jsonl.gz", [sequence("one", 0, 20), sequence("two", 20, 30)])
    whole = "window (caption describes the whole trial)"
    write_lines(tmp_path / "clips.jsonl.gz", [clip("two", 0, 30), clip("two", 5, 15, whole)])
    return tmp_path


def test_sequences_come_with_words_and_windows(folder) -> None:
    one, two = read_recordings(folder)
    assert np.abs(two.positions - moving(30, 2)).max() < 1e-3
    assert (two.name, two.captions) == ("two", ("a person walks",))
    assert (two.content, two.style) == ("walk", None)
    spans = [(window.start, window.end, window.describes_all) for window in two.windows]
    assert spans == [(0, 30, False), (5, 15, True)]
    assert one.windows == ()
    assert [(w.start, w.end, w.captions) for w in one.segments] == [(0, 5, ("walk",))]
    assert one.lead_in == 3


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([sequence("one", 0, 20, fps=30)], "line 1: 'fps' must be 20, not 30"),
        ([sequence("one", 0, "20")], "line 1: 'frames' must be of kind int"),
        ([sequence("one", 0, True)], "line 1: 'frames' must be of kind int"),
        ([sequence("one", -1, 20)], "line 1: 'offset' must be at least 0"),
        ([sequence("one", 0, 20, captions="walk")], "'captions' must be of kind list"),
        ([sequence("one", 0, 20, captions=["walk"])], "'captions' must be a list of objects"),
        ([sequence("one", 0, 20, segments=[{"start": 1}])], "'end' must be of kind int"),
        ([sequence("one", 0, 20, segments={"a": 1})], "'segments' must be a list of objects"),
        ([sequence("one", 0, 20, shard="../x.npz")], "'shard' must be the name of an .npz file"),
        ([sequence("one", 0, 20, shard="other.npz")], "there is no file 'other.npz'"),
        ([sequence("one", 40, 20)], "'one' goes beyond the end of 'cmu_train.npz'"),
        ([sequence("two", 0, 10)], "the window 'two:0' is not inside its sequence"),
        ([sequence("one", 0, 20, split="val")], "there is no split 'train'; there are: val"),
    ],
)
def test_a_folder_that_does_not_fit_is_refused_in_a_sentence(folder, rows, says) -> None:
    write_lines(folder / "sequences.jsonl.gz", rows)
    with pytest.raises(BadInput) as caught:
        read_recordings(folder)
    assert caught.value.field == "data"
    assert says in caught.value.reason


def test_a_folder_that_is_not_there(tmp_path) -> None:
    for reader in (read_recordings, lambda place: list(read_humanml_folder(place))):
        with pytest.raises(BadInput, match="data: there is no folder"):
            reader(tmp_path / "nowhere")
        with pytest.raises(BadInput, match="is not a file"):
            reader(tmp_path)


def test_a_shard_of_another_schema(folder) -> None:
    np.savez(folder / "cmu_train.npz", root=np.zeros((50, 3), dtype=np.float32))
    with pytest.raises(BadInput, match="must hold 'root' and 'local'"):
        read_recordings(folder)


def test_a_folder_of_humanml3d(tmp_path) -> None:
    for part in ("new_joints", "new_joint_vecs", "texts"):
        (tmp_path / part).mkdir()
    positions = place(moving(40))
    np.save(tmp_path / "new_joints/000001.npy", positions)
    np.save(tmp_path / "new_joint_vecs/M000001.npy", to_humanml(positions))
    np.save(tmp_path / "new_joints/000002.npy", np.full((4, 22, 3), np.nan))
    texts = {
        "000001": "a man walks#a/DET man/NOUN#0.0#0.0\nhe turns#he/PRON#0.5#1.5\n",
        "M000001": "a man walks#a/DET#nan#nan\n",
        "000002": "a man walks#a/DET#0.0#0.0\n",
        "000003": "a man walks#a/DET#0.0#0.0\n",
        "000004": "a man # walks",
    }
    for name, text in texts.items():
        (tmp_path / "texts" / f"{name}.txt").write_text(text)
    np.save(tmp_path / "new_joints/000004.npy", positions)
    (tmp_path / "train.txt").write_text("\n".join([*texts, "../../etc"]))
    told: list[str] = []
    one, mirrored = read_humanml_folder(tmp_path, tell=told.append)
    assert one.captions == ("a man walks",)
    assert [(w.start, w.end, w.captions) for w in one.segments] == [(10, 30, ("he turns",))]
    assert mirrored.captions == ("a man walks",)
    np.testing.assert_allclose(mirrored.positions, one.positions, atol=1e-5)
    names = [sentence.split(":")[0] for sentence in told]
    assert names == ["000002", "000003", "000004", "../../etc"]
    assert "NaN" in told[0] and "there is no new_joints" in told[1] and "caption#words" in told[2]


def test_files_of_cmu_join_the_manifest(tmp_path) -> None:
    (tmp_path / "02").mkdir()
    (tmp_path / "02" / "02_01.bvh").write_text(bvh_text(Clip(moving(40))))
    (tmp_path / "02" / "02_02.bvh").write_text("hello")
    (tmp_path / "02" / "02_09.bvh").write_text("hello")
    rows = [
        {
            "trial": f"02_0{n}",
            "description": "walk",
            "kitml_captions": ["A person walks."],
            "h3d_windows": [
                {"h3d_id": "1", "start": 0, "end": 40},
                {"h3d_id": "2", "start": 0, "end": 999},
            ],
        }
        for n in (1, 2)
    ]
    write_lines(tmp_path / "manifest.jsonl.gz", rows)
    told: list[str] = []
    (found,) = read_cmu_folder(tmp_path, tmp_path / "manifest.jsonl.gz", tell=told.append)
    assert (found.name, found.captions) == ("cmu_02_01", ("walk", "A person walks."))
    assert [window.name for window in found.windows] == ["1"]
    assert found.positions.shape == (40, 22, 3)
    assert told == [
        "02_02.bvh: line 1: 'HIERARCHY' is expected, not 'hello'",
        "02_09.bvh: the manifest has no trial 02_09",
    ]
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"is called like 01_02\.bvh"):
        list(read_cmu_folder(tmp_path / "empty", tmp_path / "manifest.jsonl.gz"))
