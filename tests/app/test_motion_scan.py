"""The scan race, the floor and the export desk without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from engine.core import BadInput, Result, get_lab
from engine.core.context import QuietContext
from engine.labs.motion import clips, shipped, sides
from engine.labs.motion.clip import Clip, place
from engine.labs.motion.config.clip import ClipConfig
from engine.labs.motion.config.race import RaceConfig
from engine.labs.motion.config.sides import SidesConfig
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.files.doors import file_bytes
from engine.labs.motion.files.reimport import Reimported
from engine.labs.motion.models import stored
from engine.labs.motion.race.run import race
from engine.store import Store
from pages.panels.motion import export
from tests.app.test_pages import texts, visit
from tests.motion_clips import moving
from tests.motion_models import save_tiny
from tests.unit.test_motion_export import THREE, many
from tests.unit.test_motion_files import bad_npz

pytestmark = pytest.mark.usefixtures("results")
RACE, FLOOR, EXPORT = ({"motion.view": name} for name in ("race", "floor", "export"))


@pytest.fixture(autouse=True)
def nothing_written() -> None:
    """Files are kept by the digest of their result, which is another one in these tests."""
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def cheap(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Results of small settings and of an untrained model in the place of the defaults'."""
    folder = tmp_path_factory.mktemp("models")
    save_tiny("motion-mamba", folder / "motion-mamba")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored, "SHIPPED", folder)
        patch.setattr(shipped, "FOLDER", folder)
        patch.setattr(sides, "ALL", sides.PAIRS[:2])
        return {
            "race": race(RaceConfig(channels=64, states=4, longest=512, repeats=2), QuietContext()),
            "clip": clips.clip(ClipConfig(seconds=2, steps=2), QuietContext()),
            "sides": sides.sides(SidesConfig(side_seeds=2, side_seconds=1.0), QuietContext()),
        }


@pytest.fixture
def results(cheap: dict[str, Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ENGRAM_SHIPPED", str(tmp_path / "nothing"))
    monkeypatch.setenv("ENGRAM_SHARED_DATA", str(tmp_path / "no-recordings"))
    lab = get_lab("motion")
    for name, result in cheap.items():
        experiment = lab.experiment(name)
        digest = experiment.digest(lab.name, experiment.config())
        Store.open().results.save(digest, result, {"seconds": 1.0})


def kept(data: bytes | str) -> str:
    return Store.open().inputs.put(data if isinstance(data, bytes) else data.encode(), "a file")


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize("passes", ["forward", "both"])
def test_the_race_is_drawn_and_told(passes: str) -> None:
    app = visit("motion", **RACE, **{"motion.race_passes": passes})
    said = texts(app)
    assert not app.warning and len(app.get("plotly_chart")) == 5
    assert "attention layer takes" in said and "load average" in said
    assert "no finite number with chunks of 16 from frame" in said
    assert "Steps up to 1, float32" in said and "times on one V100" in said


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize(
    ("step", "says"), [("5", "chunks of 4 from frame"), ("0.01", "largest error with"),
                       ("7", "Steps up to 1,"), ("nan", "Steps up to 1,")]
)  # fmt: skip
def test_the_step_of_the_link_is_the_one_that_is_shown(step: str, says: str) -> None:
    app = visit("motion", **RACE, **{"motion.step_most": step})
    assert not app.warning and says in texts(app)


@pytest.mark.usefixtures("runner_off")
def test_the_step_can_be_moved() -> None:
    app = visit("motion", **RACE)
    app.select_slider[0].set_value("0.1").run()
    assert not app.exception
    said = texts(app)
    assert "Steps up to 0.1" in said and "all in one chunk from frame" in said


@pytest.mark.usefixtures("runner_off")
def test_the_floor_tells_the_clip_and_left_from_right() -> None:
    app = visit("motion", **FLOOR)
    said = texts(app)
    assert not app.warning and len(app.get("plotly_chart")) == 3
    assert {metric.label for metric in app.metric} == {
        "Jerk", "Skating", "Floating", "Below the floor", "Bone variation",
    }  # fmt: skip
    for words in ("Turn:", "Hand:", "Direction:", "Jump:", "The pelvis goes", "CC BY-NC 4.0",
                  "recordings are not beside"):  # fmt: skip
        assert words in said, words
    assert "goes to the side of its sentence in" in said and "of 8 motions" in said


@pytest.mark.usefixtures("runner_off")
def test_a_chosen_cell_is_part_of_the_link() -> None:
    app = visit("motion", **FLOOR, **{"motion.frame": "12", "motion.joint": "20"})
    assert "Chosen: left wrist at frame 12" in texts(app)
    assert '"frame 12"' in app.get("plotly_chart")[0].proto.spec


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize(
    ("name", "value"), [("frame", "99999"), ("frame", "x"), ("joint", "77"), ("joint", "-9")]
)
def test_a_choice_that_is_not_there_is_let_go(name: str, value: str) -> None:
    app = visit("motion", **FLOOR, **{f"motion.{name}": value})
    assert not app.warning and "The pelvis goes" in texts(app)


@pytest.mark.usefixtures("runner_off")
def test_the_desk_has_every_format_with_its_error_and_a_link() -> None:
    app = visit("motion", **EXPORT)
    said = texts(app)
    assert not app.warning
    labels = [button.proto.label for button in app.get("download_button")]
    assert {"BVH", "GLB", "NPZ", "CSV"} <= set(labels)
    rows = desk_rows(app)
    assert list(rows) == ["BVH", "GLB", "NPZ", "CSV"]
    assert {row["frames"] for row in rows.values()} == {"41 at 20 a second"}
    assert rows["NPZ"]["greatest error"] == "0 mm"
    link = app.code[0].value
    assert "motion.text=a+person+walks+and+turns+left" in link and "motion.seed=0" in link
    assert "CC BY-NC 4.0" in said


@pytest.mark.usefixtures("runner_off")
def test_each_file_says_what_it_keeps_of_bones_and_a_switch_changes_it() -> None:
    def kept(**switches: str) -> tuple[list[str], str]:
        app = visit("motion", **EXPORT, **switches)
        rows = desk_rows(app)
        worst = float(rows["GLB"]["greatest error"].removeprefix("below ").removesuffix(" mm"))
        return [rows[kind]["keeps"] for kind in ("BVH", "GLB")], "lost" if worst > 1 else "kept"

    assert kept() == (["bones of one length", "bones that change length"], "kept")
    assert kept(**{"motion.stretch": "true", "motion.stretch_glb": "false"}) == (
        ["bones that change length", "bones of one length"], "lost")  # fmt: skip


@pytest.mark.usefixtures("runner_off")
def test_hands_are_said_to_be_assumed() -> None:
    app = visit("motion", **EXPORT, **{"motion.hands": "true"})
    assert "hands assumed" in texts(app)
    assert "hands assumed" not in texts(visit("motion", **EXPORT))


@pytest.mark.usefixtures("at_once")
def test_a_brought_file_is_shown_with_what_was_found() -> None:
    positions = place(moving(121, 2))
    text = bvh_text(Clip(positions, 120)).replace("\n", "\r\n")
    app = visit("motion", **EXPORT, **{"motion.clip_from": "file", "motion.motion_file":
                                       kept(text)})  # fmt: skip
    said = texts(app.run())
    assert not app.warning
    assert "121 frames at 120 a second became 21 at 20: every 6th frame" in said
    assert "BVH, Engram Lab; one unit is 10 mm." in said and "end sites." in said
    hierarchy, rows = app.dataframe[0].value, desk_rows(app)
    assert hierarchy["joint"][0] == "pelvis"
    assert {row["frames"] for row in rows.values()} == {"21 at 20 a second"}
    assert "within a millimetre" in said


def desk_rows(app: AppTest) -> dict[str, dict[str, str]]:
    """What the export desk says of each format."""
    rows = app.table[0].value.to_dict("records")
    plain = [{key: str(cell).replace("\\", "") for key, cell in row.items()} for row in rows]
    return {row["format"]: row for row in plain}


@pytest.mark.usefixtures("at_once")
def test_a_giant_is_offered_in_every_format() -> None:
    """BVH names no unit, but what is written here is read in centimetres."""
    giant = Clip(20 * place(moving(60, 2)), 20)
    data = file_bytes(giant, ".npz")
    app = visit("motion", **EXPORT, **{"motion.clip_from": "file", "motion.motion_file":
                                       kept(data)})  # fmt: skip
    app.run()
    assert list(desk_rows(app)) == ["BVH", "GLB", "NPZ", "CSV"] and not app.warning


@pytest.mark.usefixtures("runner_off")
def test_a_format_that_cannot_be_read_again_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    written = export.write_and_read

    def refuse(clip: Clip, kind: str, **settings: Any) -> Reimported:
        if kind == ".csv":
            raise BadInput("file", "must be at most 100 MB")
        return written(clip, kind, **settings)

    monkeypatch.setattr(export, "write_and_read", refuse)
    app = visit("motion", **EXPORT)
    assert not app.exception
    (said,) = (warning.value.replace("\\", "") for warning in app.warning)
    assert said.startswith("Not offered as CSV") and "100 MB" in said
    assert list(desk_rows(app)) == ["BVH", "GLB", "NPZ"]


BAD = {
    "three joints": (THREE, "its 3 joints are none of the known skeletons"),
    "a hundred joints": (many(100), "its 100 joints are none of the known skeletons"),
    "no frames": (bvh_text(Clip(moving(4))).replace("Frames: 4", "Frames: 0"), "number of frames"),
    "wrong channels": (
        bvh_text(Clip(moving(4))).replace("CHANNELS 3", "CHANNELS 2"),
        "2 channels are declared and 3 named",
    ),
    "wrong frame time": (
        bvh_text(Clip(moving(4))).replace("Time: 0.05", "Time: -1"),
        "frame time must be from 0.001 to 1",
    ),
    "no number": (
        bvh_text(Clip(moving(4))).rsplit(" ", 1)[0] + " nan",
        "a finite number is required",
    ),
    "objects": (bad_npz(joints=[{}]), "Python objects"),
    "another schema": (bad_npz(weights=[1.0, 2.0]), "it holds weights"),
    "no motion": (b"<img src=x onerror=alert(1)>", "must be BVH, NPZ, NPY or CSV"),
}


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize("view", ["floor", "export"])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_one_sentence_and_the_figures_stay(name: str, view: str) -> None:
    data, says = BAD[name]
    link = {"motion.view": view, "motion.clip_from": "file", "motion.motion_file": kept(data)}
    app = visit("motion", **link)
    assert len(app.warning) == 1 and says in app.warning[0].value.replace("\\", "")
    assert "The pelvis goes" in texts(app) or desk_rows(app)


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"motion.clip_from": "file"}, "bring a BVH, NPZ, NPY or CSV file"),
        ({"motion.clip_from": "recorded"}, "choose one, or name a folder"),
        ({"motion.clip_from": "recorded", "motion.data": "/etc", "motion.recording": "x"},
         "a folder is read on your own machine only"),
        ({"motion.model": "gpt"}, "Model"),
        ({"motion.seconds": "900"}, "Length"),
        ({"motion.seed": "-4"}, "Seed"),
    ],
)  # fmt: skip
def test_a_bad_setting_gets_one_sentence_and_the_figures_stay(
    query: dict[str, str], says: str
) -> None:
    app: AppTest = visit("motion", **EXPORT, **query)
    assert len(app.warning) == 1 and says in app.warning[0].value.replace("\\", "")
    assert desk_rows(app)
