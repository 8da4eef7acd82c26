"""GLB by a reader written from the specification here, arrays, tables, and ``convert``."""

from __future__ import annotations

import csv
import io
import json
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from engine.cli import main
from engine.core.errors import BadInput
from engine.labs.motion.clip import Clip, place
from engine.labs.motion.files.arrays import csv_text, npz_bytes, read_npy, read_npz
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.files.doors import load_clip, save_clip
from engine.labs.motion.files.glb import glb_bytes
from engine.labs.motion.files.incoming import read_motion
from engine.labs.motion.files.reimport import write_and_read
from engine.labs.motion.files.table import read_csv
from engine.labs.motion.humanml import to_humanml
from engine.labs.motion.skeleton import JOINTS, PARENTS
from tests.motion_clips import moving


class Glb:
    """A GLB file as section 4 of the glTF 2.0 specification lays it out."""

    def __init__(self, data: bytes):
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON" and size % 4 == 0
        self.json = json.loads(data[20 : 20 + size])
        rest, kind = struct.unpack_from("<I4s", data, 20 + size)
        assert kind == b"BIN\0" and 28 + size + rest == len(data)
        self.data = data[28 + size :]
        assert self.json["buffers"] == [{"byteLength": len(self.data)}]

    def array(self, index: int) -> np.ndarray:
        entry = self.json["accessors"][index]
        view = self.json["bufferViews"][entry["bufferView"]]
        kind = {5126: "<f4", 5123: "<u2"}[entry["componentType"]]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[entry["type"]]
        assert view["byteOffset"] % 4 == 0
        assert view["byteLength"] == entry["count"] * width * np.dtype(kind).itemsize
        made = np.frombuffer(self.data, kind, entry["count"] * width, view["byteOffset"])
        made = made.reshape(entry["count"], width)
        assert made.min(0).tolist() == entry["min"] and made.max(0).tolist() == entry["max"]
        return made

    def animated(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Times (frames,) and the place of every node (frames, 3) by its name."""
        times, found = self._walked()
        return times, {name: place for name, (place, _) in found.items()}

    def tips(self) -> dict[str, np.ndarray]:
        """The place (frames, 3) of the far end, y = 1, of every node's mesh by the node's name."""
        times, found = self._walked()
        tips = {}
        for index, node in enumerate(self.json["nodes"]):
            if "mesh" in node:
                place, turned = found[node["name"]]
                size = self._moved().get((index, "scale"), np.tile(node["scale"], (len(times), 1)))
                tips[node["name"]] = place + turned.apply(size * [0, 1, 0])
        return tips

    def _moved(self) -> dict[tuple[int, str], np.ndarray]:
        (animation,) = self.json["animations"]
        return {
            (channel["target"]["node"], channel["target"]["path"]): self.array(
                animation["samplers"][channel["sampler"]]["output"]
            )
            for channel in animation["channels"]
        }

    def _walked(self) -> tuple[np.ndarray, dict[str, tuple[np.ndarray, Rotation]]]:
        nodes, (animation,) = self.json["nodes"], self.json["animations"]
        moved = self._moved()
        (time,) = {sampler["input"] for sampler in animation["samplers"]}
        times = self.array(time)[:, 0]
        places = {}

        def walk(index: int, place: np.ndarray, turned: Rotation) -> None:
            node = nodes[index]
            own = np.array(moved.get((index, "translation"), node.get("translation", [0, 0, 0])))
            still = node.get("rotation", [0, 0, 0, 1])
            place = place + turned.apply(np.tile(own, (len(times), 1)) if own.ndim == 1 else own)
            turn = moved.get((index, "rotation"), np.tile(still, (len(times), 1)))
            turned = turned * Rotation.from_quat(turn)
            places[node["name"]] = place, turned
            for child in node.get("children", ()):
                walk(child, place, turned)

        (root,) = self.json["scenes"][self.json["scene"]]["nodes"]
        walk(root, np.zeros((len(times), 3)), Rotation.identity(len(times)))
        return times, places


@pytest.mark.parametrize("seed", range(3))
def test_nodes_of_a_glb_move_as_the_joints(seed) -> None:
    positions = moving(50, seed)
    times, places = Glb(glb_bytes(Clip(positions))).animated()
    np.testing.assert_allclose(times, np.arange(50) / 20, atol=1e-6)
    for joint, name in enumerate(JOINTS):
        assert np.abs(places[name] - positions[:, joint]).max() < 1e-4, name


def test_every_bone_has_a_stick_of_its_length() -> None:
    positions = moving(5)
    file = Glb(glb_bytes(Clip(positions)))
    sticks = {node["name"]: node for node in file.json["nodes"] if "mesh" in node}
    assert set(sticks) == {f"{name}_bone" for name in JOINTS[1:]}
    for joint in range(1, 22):
        length = np.linalg.norm(positions[0, joint] - positions[0, PARENTS[joint]])
        assert sticks[f"{JOINTS[joint]}_bone"]["scale"] == pytest.approx([length] * 3, abs=1e-6)
    (part,) = file.json["meshes"][0]["primitives"]
    corners = file.array(part["attributes"]["POSITION"])
    normals = file.array(part["attributes"]["NORMAL"])
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)
    faces = file.array(part["indices"]).reshape(-1, 3)
    middle = corners[faces].mean(1) - corners.mean(0)
    assert ((middle * normals[faces[:, 0]]).sum(1) > 0).all(), "faces look outwards"


def test_quaternions_never_take_the_long_way() -> None:
    file = Glb(glb_bytes(Clip(moving(200, 4))))
    for sampler in file.json["animations"][0]["samplers"]:
        turns = file.array(sampler["output"])
        if turns.shape[1] == 4:
            np.testing.assert_allclose(np.linalg.norm(turns, axis=1), 1, atol=1e-6)
            assert (np.einsum("ij,ij->i", turns[1:], turns[:-1]) > 0).all()


def test_a_table_has_a_row_a_frame() -> None:
    positions = moving(7)
    rows = list(csv.DictReader(io.StringIO(csv_text(Clip(positions, 30)))))
    assert len(rows) == 7
    assert float(rows[6]["time_s"]) == pytest.approx(0.2)
    for joint, name in enumerate(JOINTS):
        found = [[float(row[f"{name}_{axis}_m"]) for axis in "xyz"] for row in rows]
        np.testing.assert_allclose(found, positions[:, joint], atol=1e-6)


def test_an_npz_holds_joints_and_rows_for_models() -> None:
    positions = place(moving(40))
    arrays = dict(np.load(io.BytesIO(npz_bytes(Clip(positions)))))
    assert {name: array.shape for name, array in arrays.items()} == {
        "joints": (40, 22, 3),
        "fps": (1,),
        "features": (39, 137),
        "humanml263": (39, 263),
    }
    for keep in ("features", "humanml263"):
        made = io.BytesIO()
        np.savez(made, **{keep: arrays[keep]})
        found = read_npz(made.getvalue()).positions
        np.testing.assert_allclose(found, positions, atol=1e-4)


def test_arrays_of_humanml3d_folders_are_read(tmp_path) -> None:
    positions = place(moving(40))
    np.save(tmp_path / "joints.npy", positions)
    np.save(tmp_path / "vecs.npy", to_humanml(positions))
    for name in ("joints.npy", "vecs.npy"):
        np.testing.assert_allclose(read_npy(tmp_path / name).positions, positions, atol=1e-6)


@pytest.mark.parametrize("fps", [np.float64(30), np.int64(30), np.array([30], dtype=np.uint8)])
@pytest.mark.parametrize("kind", ["int16", "int64", "uint8"])
def test_whole_numbers_and_a_rate_without_axes_are_read(fps, kind, tmp_path) -> None:
    joints = np.round(50 + 20 * moving(4)).astype(kind)
    found = read_npz(bad_npz(joints=joints, fps=fps))
    assert found.fps == 30
    np.testing.assert_array_equal(found.positions, joints)
    np.save(tmp_path / "joints.npy", joints)
    np.testing.assert_array_equal(read_npy(tmp_path / "joints.npy").positions, joints)
    brought = read_motion((tmp_path / "joints.npy").read_bytes())
    assert len(brought.found.clip.positions) == 4


@pytest.mark.parametrize("fps", [1.5, 29.97, 120.0, 240.0])
@pytest.mark.parametrize("kind", [".csv", ".npz", ".bvh", ".glb"])
def test_half_a_minute_at_any_rate_is_read_again(kind, fps) -> None:
    frames = round(30 * fps)
    positions = np.tile(moving(40, swing=0.2), (frames // 40 + 1, 1, 1))[:frames]
    again = write_and_read(Clip(positions, fps), kind, stretch=True)
    assert again.frames >= 45 and again.error_mm.max() < 0.2


def test_a_table_in_whole_milliseconds_is_read() -> None:
    names, *rows = csv_text(Clip(moving(2000), 120)).splitlines()
    rows = [row.split(",") for row in rows]
    told = [",".join([row[0], f"{float(row[1]):.3f}", *row[2:]]) for row in rows]
    assert read_csv("\n".join([names, *told]).encode()).fps == pytest.approx(120, rel=1e-4)


def test_the_npz_of_a_body_that_stands_still_for_long_is_read_again() -> None:
    still = np.repeat(moving(2)[:1], 8000, axis=0)
    assert write_and_read(Clip(still), ".npz").error_mm.max() < 1e-3


def test_the_npz_of_a_clip_of_an_hour_is_read_again() -> None:
    ramp = np.linspace(0, 1, 72_000, dtype=np.float32)[:, None, None] + moving(2)[:1]
    assert write_and_read(Clip(ramp), ".npz", hands=True).error_mm.max() < 1e-3


def bad_npz(**arrays: object) -> bytes:
    made = io.BytesIO()
    np.savez(made, **arrays)
    return made.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "npz: is not a .npz file"),
        (b"PK\x03\x04 broken", "npz: is not a .npz file"),
        (npz_bytes(Clip(moving(4)))[:-40], "npz: is not a .npz file"),
        (bad_npz(weights=np.zeros(3)), "it holds weights"),
        (bad_npz(joints=np.array([{}], dtype=object)), "holds Python objects"),
        (bad_npz(joints=np.array(["a"])), "must hold float16, float32, float64"),
        (bad_npz(joints=np.zeros((5, 25, 3))), r"joints: must be (frames, 22, 3), not (5, 25, 3)"),
        (bad_npz(joints=np.zeros((1, 22, 3))), "joints: must have 2 to 100,000 frames, not 1"),
        (bad_npz(joints=np.full((2, 22, 3), np.nan)), "holds NaN or infinity"),
        (bad_npz(joints=np.full((2, 22, 3), 1e6)), "joints: must be within 10,000 m"),
        (bad_npz(joints=np.zeros((2, 22, 3)), fps=np.zeros(1)), "fps: must be from 1 to 1,000"),
        (bad_npz(joints=np.int64(3)), "joints: must be (frames, 22, 3), not ()"),
        (bad_npz(features=np.int64(3)), "features: must be (frames, 137), not ()"),
        (bad_npz(humanml263=np.int64(3)), "humanml263: must be (frames, 263), not ()"),
        (bad_npz(joints=np.full((2, 22, 3), 2**60)), "joints: must be within 10,000 m"),
        (bad_npz(joints=np.full((2, 22, 3), -(2**63))), "joints: must be within 10,000 m"),
        (bad_npz(joints=np.full((2, 22, 3), 1e300)), "joints: must be within 10,000 m"),
        (bad_npz(joints=np.zeros((2, 22, 3)), fps=np.int64(-3)), "fps: must be from 1 to 1,000"),
        (bad_npz(joints=np.zeros((2, 22, 3)), fps=np.float64(1e9)), "fps: must be from 1 to 1,000"),
        (bad_npz(joints=np.zeros((2, 22, 3)), fps=np.ones(2)), "array 'fps' must be one number"),
        (bad_npz(joints=np.zeros((4, 22, 3))), "joints: must be those of a body: thighs and shins"),
        (bad_npz(features=np.zeros((4, 137))), "joints: must be those of a body: thighs and shins"),
        (bad_npz(features=np.zeros((4, 263))), "features: must be (frames, 137), not (4, 263)"),
        (bad_npz(humanml263=np.zeros((4, 137))), "humanml263: must be (frames, 263)"),
    ],
)
def test_an_npz_of_another_schema_is_refused(data, says) -> None:
    with warnings.catch_warnings(), pytest.raises(BadInput) as caught:
        warnings.simplefilter("error")
        read_npz(data)
    assert says in str(caught.value)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "walk.bvh"
    path.write_text(bvh_text(Clip(moving(30))))
    return path


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("ending", ["npz", "bvh", "glb", "csv"])
def test_convert_tells_what_it_did(source, ending, capsys) -> None:
    target = source.with_name(f"out.{ending}")
    assert main(["motion", "convert", str(source), str(target), "--json"]) == 0
    answer = told(capsys)
    assert answer["frames"] == 30
    assert (answer["fps"], answer["seconds"], answer["skeleton"]) == (20, 1.45, "Engram Lab")
    assert answer["reimport_error_mm"] < 0.01
    assert answer["moving_joints"] == {"glb": True, "bvh": False}.get(ending)
    assert target.stat().st_size > 1000
    assert sorted(source.parent.iterdir()) == sorted([source, target]), "nothing else is left"


@pytest.mark.parametrize("ending", ["bvh", "glb", "csv"])
def test_convert_compares_at_the_rate_that_is_read(ending, tmp_path, capsys) -> None:
    source = tmp_path / "in.npz"
    source.write_bytes(npz_bytes(Clip(moving(31), 30)))
    assert main(["motion", "convert", str(source), str(tmp_path / f"out.{ending}"), "--json"]) == 0
    assert told(capsys)["reimport_error_mm"] < 0.1


@pytest.mark.parametrize("size", [0.1, 0.3, 0.5, 1.5, 3.0, 20.0])
@pytest.mark.parametrize("options", [{}, {"stretch": True}, {"hands": True}])
def test_a_body_of_any_size_comes_back_from_bvh(size, options) -> None:
    again = write_and_read(Clip(size * moving(30)), ".bvh", **options)
    assert again.error_mm.max() < 0.01


def test_convert_writes_nothing_that_cannot_be_read(tmp_path, capsys) -> None:
    source, target = tmp_path / "in.npz", tmp_path / "out.bvh"
    np.savez(source, joints=0.0 * moving(30))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main(["motion", "convert", str(source), str(target)]) == 2
    said = capsys.readouterr().err.strip()
    assert "thighs and shins have no length" in said
    assert "\n" not in said and not target.exists()


def test_a_name_that_is_no_text_is_refused_before_anything_is_written(source, capsys) -> None:
    named, target = source.with_name("caf\udce9.bvh"), source.with_name("out.npz")
    source.rename(named)
    assert main(["motion", "convert", str(named), str(target), "--json"]) == 2
    assert "argument 3 is not UTF-8" in told(capsys)["error"]
    assert not target.exists()


def test_convert_and_back(source, capsys) -> None:
    middle, last = source.with_name("a.npz"), source.with_name("b.bvh")
    assert main(["motion", "convert", str(source), str(middle), "--json"]) == 0
    assert main(["motion", "convert", str(middle), str(last), "--json"]) == 0
    capsys.readouterr()
    ours, right = load_clip(last).clip.positions, load_clip(source).clip.positions
    assert np.linalg.norm(ours - right, axis=-1).max() < 1e-4


@pytest.mark.parametrize(
    ("name", "output", "says"),
    [
        ("walk.fbx", "a.npz", "input: must end in .bvh, .npz, .npy"),
        ("none.bvh", "a.npz", "'none.bvh' is not a file"),
        ("walk.bvh", "a.fbx", "output: must end in .npz, .bvh, .glb, .csv"),
        ("walk.bvh", "nowhere/a.npz", "output: there is no folder"),
        ("bad.bvh", "a.npz", "bvh: line 1: 'HIERARCHY' is expected"),
    ],
)
def test_convert_refuses_in_one_sentence(source, name, output, says, capsys, monkeypatch) -> None:
    monkeypatch.chdir(source.parent)
    Path("bad.bvh").write_text("hello")
    assert main(["motion", "convert", name, output, "--json"]) == 2
    captured = capsys.readouterr()
    assert says in json.loads(captured.out)["error"]
    assert captured.err.count("\n") == 1
    assert not Path(output).exists()


def test_a_file_that_is_there_stays_when_writing_fails(source, monkeypatch) -> None:
    target = source.with_name("kept.csv")
    target.write_text("before")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(BadInput, match=r"'kept.csv' cannot be written \(No space left"):
        save_clip(Clip(moving(4)), target)
    assert target.read_text() == "before"
    assert sorted(source.parent.iterdir()) == sorted([source, target])


def test_the_lab_gives_the_scan_to_scripts() -> None:
    from engine.labs.motion import selective_scan

    draw = np.random.default_rng(0)
    u, B, C = draw.normal(size=(1, 5, 4)), draw.normal(size=(1, 5, 3)), draw.normal(size=(1, 5, 3))
    dt, A, D = draw.random((1, 5, 4)), -draw.random((4, 3)), draw.normal(size=4)
    h, right = np.zeros((4, 3)), []
    for t in range(5):
        h = np.exp(dt[0, t, :, None] * A) * h + (dt[0, t] * u[0, t])[:, None] * B[0, t]
        right.append(h @ C[0, t] + D * u[0, t])
    np.testing.assert_allclose(selective_scan(u, dt, A, B, C, D)[0], right, rtol=1e-12)
