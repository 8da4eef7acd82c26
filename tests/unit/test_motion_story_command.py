"""The command ``story``: a text file in, a motion and a report out."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from engine.__main__ import main
from engine.labs.motion.files.doors import load_clip

STORY = "The robot eats. It walks to the door, waves with the left hand and goes to the table."


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> dict:
    assert main(["motion", "story", *argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def written(folder: Path, text: str = STORY) -> str:
    path = folder / "story.txt"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_story_becomes_a_file_and_a_report(tmp_path: Path, capsys):
    out, table = tmp_path / "story.bvh", tmp_path / "rows.csv"
    answer = told(
        capsys, "--text-file", written(tmp_path), "--out", str(out), "--table-out", str(table)
    )
    clip = load_clip(out, keep_place=True).clip
    assert len(clip.positions) == answer["frames"]
    assert [row["place"] for row in answer["rows"]] == ["door", "", "table"]
    assert answer["unread"] == ["robot eats"]
    last = answer["segments"][-1]
    assert last["end"] == answer["frames"] - 1 and last["reached"] is True
    ends = clip.positions[-1, 0, [0, 2]]
    assert np.hypot(*(ends - (1.5, 0.8))) < 0.5 + 0.35 + 0.3
    assert 0 < answer["trajectory"]["way_error_m"] <= answer["trajectory"]["way_worst_m"]
    assert answer["seam_jerk"]["inertial"]["mean"] < answer["seam_jerk"]["cut"]["mean"]
    assert answer["out"] == str(out) and answer["seams"]
    lines = list(csv.DictReader(table.open(encoding="utf-8")))
    assert [line["action"] for line in lines] == [row["action"] for row in answer["rows"]]


def test_seed_rounds_and_places_are_taken(tmp_path: Path, capsys):
    story = written(tmp_path, "He bows. He runs to the tree.")
    places = tmp_path / "places.txt"
    places.write_text("tree 2 2 0.4\n", encoding="utf-8")
    common = ("--text-file", story, "--places", str(places))
    one = told(capsys, *common, "--out", str(tmp_path / "a.npz"))
    two = told(
        capsys, *common, "--out", str(tmp_path / "b.npz"), "--rounds", "2", "--seconds", "60"
    )
    assert one["unread"] == [] and one["rows"][1]["place"] == "tree"
    assert {segment["round"] for segment in two["segments"]} == {0, 1}
    assert two["frames"] > one["frames"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--out", "x.bvh"], "--text-file"),
        (["--text-file", "nowhere.txt", "--out", "x.bvh"], "--text-file"),
        (["--out", "x.fbx"], "output"),
        (["--out", "/nowhere/x.bvh"], "output"),
        (
            ["--out", "x.bvh", "--source", "dreams"],
            "source: must be procedural, recorded, motion-mamba",
        ),
        (["--out", "x.bvh", "--seed", "-1"], "seed"),
        (["--out", "x.bvh", "--rounds", "0"], "rounds"),
        (["--out", "x.bvh", "--seconds", "1e9"], "seconds"),
        (["--out", "x.bvh", "--seconds", "nan"], "seconds"),
        (["--out", "x.bvh", "--blend", "glue"], "--blend"),
        (["--out", "x.bvh", "--speed", "1"], "--speed"),
    ],
)
def test_bad_options_are_one_sentence(tmp_path: Path, capsys, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    given = [*options]
    if "--text-file" not in options and options != ["--out", "x.bvh"]:
        given += ["--text-file", written(tmp_path)]
    assert main(["motion", "story", *given]) == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"  \n \n", "empty"),
        (b"...", "at least one word"),
        (b"The cat is blue.", "no action that is known"),
        (b"\xff\xfe walks", "UTF-8"),
        (b"he walks\0", "zero byte"),
        (b"he walks " * 300_000, "at most"),
    ],
)
def test_bad_texts_are_one_sentence(tmp_path: Path, capsys, data: bytes, said: str):
    path = tmp_path / "story.txt"
    path.write_bytes(data)
    assert (
        main(["motion", "story", "--text-file", str(path), "--out", str(tmp_path / "x.bvh")]) == 2
    )
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x.bvh").exists()


def test_a_long_story_is_cut_with_a_sentence(tmp_path: Path, capsys):
    story = written(tmp_path, "He walks to the door and bows to the window. " * 1000)
    answer = told(capsys, "--text-file", story, "--out", str(tmp_path / "x.npz"), "--seconds", "20")
    assert any("10,000 words" in sentence for sentence in answer["remarks"])
    assert answer["frames"] == 401
