"""Folders of recordings: the lab's own shards, HumanML3D's layout, CMU's files by a manifest."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.cli import main
from engine.core.errors import BadInput
from engine.labs.motion import own_data
from engine.labs.motion.clip import Clip, place
from engine.labs.motion.data.corpus import load_examples
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.humanml import to_humanml
from engine.labs.motion.models import stored
from engine.labs.motion.own_folders import read_cmu_folder, read_humanml_folder
from engine.labs.motion.recordings import read_recordings
from tests.motion_clips import moving
from tests.motion_models import save_tiny


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
        ([sequence("one", 0, 20, split="x" * 9000)], "there is no split 'train'; there are: xxx"),
        ([sequence("one", 0, 20, fps="x" * 9000)], "'fps' must be 20, not xxx"),
    ],
)
def test_a_folder_that_does_not_fit_is_refused_in_a_sentence(folder, rows, says) -> None:
    write_lines(folder / "sequences.jsonl.gz", rows)
    with pytest.raises(BadInput) as caught:
        read_recordings(folder)
    assert caught.value.field == "data"
    assert says in caught.value.reason and len(caught.value.reason) < 200


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


@pytest.fixture
def humanml(tmp_path: Path) -> Path:
    home = tmp_path / "HumanML3D"
    for part in ("new_joints", "texts"):
        (home / part).mkdir(parents=True)
    for number in range(4):
        np.save(home / f"new_joints/00000{number}.npy", place(moving(60, number)))
        text = "a man walks#a/DET#0.0#0.0\na man jumps#a/DET#0.5#2.0\n"
        (home / f"texts/00000{number}.txt").write_text(text)
    (home / "train.txt").write_text("000000\n000001\n000009\n")
    (home / "val.txt").write_text("000002\n000003\n")
    return home


def answer(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    assert main(["motion", "import", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_folder_of_humanml3d_becomes_data_of_the_lab(
    humanml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer(capsys, humanml, "--kind", "humanml", "--out", tmp_path / "data")
    assert told["recordings"] == {"train": 2, "val": 2} and told["left_out"] == 1
    assert told["because"] == ["000009: there is no new_joints or new_joint_vecs of it"]
    for split, numbers in (("train", (0, 1)), ("val", (2, 3))):
        found = read_recordings(tmp_path / "data", split)
        for number, one in zip(numbers, found, strict=True):
            assert np.abs(one.positions - place(moving(60, number))).max() < 1e-3
        clips = load_examples(tmp_path / "data", split)
        assert [len(clip.rows) for clip in clips] == [59, 29] * 2
        assert [clip.action for clip in clips] == ["walk"] * 4
        assert [clip.captions for clip in clips][:2] == [("a man walks",), ("a man jumps",)]


def test_imported_data_is_evaluated(
    humanml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    monkeypatch.setattr(stored, "SHIPPED", tmp_path / "shipped")
    save_tiny("evaluator", tmp_path / "shipped" / "evaluator")
    model = save_tiny("transformer", tmp_path / "model")
    answer(capsys, humanml, "--kind", "humanml", "--out", tmp_path / "data")
    words = ["--data", str(tmp_path / "data"), "--model", str(model), "--steps", "2"]
    assert main(["motion", "evaluate", *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 4


def cmu_folder(home: Path, frames: Sequence[int]) -> list[dict[str, Any]]:
    """Trials 02_01, 02_02 ... of so many frames below ``home``; their lines of a manifest."""
    home.mkdir()
    for number, length in enumerate(frames, start=1):
        (home / f"02_0{number}.bvh").write_text(bvh_text(Clip(moving(length, number))))
    return [
        {"trial": f"02_0{number}", "description": "walk"} for number in range(1, len(frames) + 1)
    ]


def test_files_of_cmu_become_data_in_shards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    rows = cmu_folder(tmp_path / "cmu", [40] * 4)
    write_lines(tmp_path / "manifest.jsonl.gz", rows)
    monkeypatch.setattr(own_data, "SHARD_FRAMES", 90)
    told = answer(capsys, tmp_path / "cmu", "--kind", "cmu", "--out", tmp_path / "data",
                  "--manifest", tmp_path / "manifest.jsonl.gz")  # fmt: skip
    assert told["recordings"] == {"train": 3, "val": 1} and told["left_out"] == 0
    shards = sorted(path.name for path in (tmp_path / "data").glob("*.npz"))
    assert shards == ["cmu_train_0.npz", "cmu_train_1.npz", "cmu_val_0.npz"]
    train = read_recordings(tmp_path / "data", "train")
    assert [one.name for one in train] == ["cmu_02_01", "cmu_02_03", "cmu_02_04"]
    for one, number in zip(train, (1, 3, 4), strict=True):
        assert np.abs(one.positions - place(moving(40, number))).max() < 1e-3


def test_clips_of_cmu_are_whole_trials_or_windows_of_long_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = cmu_folder(tmp_path / "cmu", [200, 40, 201, 717])
    rows[0]["h3d_windows"] = [{"h3d_id": "7", "start": 5, "end": 30}]
    rows[2]["h3d_windows"] = [
        {"h3d_id": "8", "start": 0, "end": 150},
        {"h3d_id": "9", "start": 60, "end": 201},
    ]
    write_lines(tmp_path / "manifest.jsonl.gz", rows)
    answer(capsys, tmp_path / "cmu", "--kind", "cmu", "--out", tmp_path / "data",
           "--manifest", tmp_path / "manifest.jsonl.gz")  # fmt: skip
    short, named, parted = read_recordings(tmp_path / "data", "train")
    windows = [
        [(window.name.removeprefix(one.name), window.start, window.end) for window in one.windows]
        for one in (short, named, parted)
    ]
    # As cmu_01_04 of the lab's data, which has 717 frames as well.
    equal = [(0, 143), (143, 286), (286, 430), (430, 573), (573, 717)]
    assert windows == [
        [("", 0, 200)],
        [(":8", 0, 150), (":9", 60, 201)],
        [(f":w0{number}", *edges) for number, edges in enumerate(equal)],
    ]
    whole = [clip.whole for clip in load_examples(tmp_path / "data", "train")]
    assert whole == [True] + [False] * 7, "the words are those of the whole trial"


def test_a_name_in_two_lists_is_taken_once(
    humanml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (humanml / "train.txt").write_text("000000\n000001\n000000\n")
    (humanml / "val.txt").write_text("000001\n000002\n")
    told = answer(capsys, humanml, "--kind", "humanml", "--out", tmp_path / "data")
    assert told["recordings"] == {"train": 2, "val": 1} and told["left_out"] == 2
    assert told["because"] == [
        "000000: stands in train.txt already",
        "000001: stands in train.txt already",
    ]
    assert [one.name for one in read_recordings(tmp_path / "data", "val")] == ["000002"]


def test_a_trial_of_two_files_is_taken_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = cmu_folder(tmp_path / "cmu", [40, 40])
    (tmp_path / "cmu" / "002_01.bvh").write_text(bvh_text(Clip(moving(40))))
    write_lines(tmp_path / "manifest.jsonl.gz", rows)
    told = answer(capsys, tmp_path / "cmu", "--kind", "cmu", "--out", tmp_path / "data",
                  "--manifest", tmp_path / "manifest.jsonl.gz")  # fmt: skip
    assert told["recordings"] == {"train": 1, "val": 1}
    assert told["because"] == ["02_01.bvh: the trial 02_01 was read from another file"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["{home}", "--kind", "amass", "--out", "{new}"], "--kind: invalid choice: 'amass'"),
        (["nowhere", "--kind", "humanml", "--out", "{new}"], "data: there is no folder 'nowhere'"),
        (["{empty}", "--kind", "humanml", "--out", "{new}"], "data: 'empty' has none of train.txt"),
        (["{empty}", "--kind", "cmu", "--out", "{new}", "--manifest", "no.gz"], "manifest: 'no.gz"),
        (["{home}", "--kind", "humanml", "--out", "{home}"], "out: must be a new or an empty fold"),
        (["{home}", "--kind", "humanml", "--out", "{new}", "--manifest", "x"], "is for --kind cmu"),
        (["{broken}", "--kind", "humanml", "--out", "{new}"], "nothing in 'broken' could be used;"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence(
    humanml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "train.txt").write_text("000001")
    places = {name: tmp_path / name for name in ("empty", "broken", "new")} | {"home": humanml}
    assert main(["motion", "import", *(word.format(**places) for word in words)]) == 2
    said = capsys.readouterr().err.strip()
    assert says in said and "\n" not in said
    assert not any((tmp_path / "new").glob("*"))
