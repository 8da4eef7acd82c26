"""The lanes and the steps of a clip without a browser."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine.core import get_lab
from engine.labs.motion.clip import Clip
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.shipped import MODELS, missing_models, shipped_models
from pages.kit.links import field_key
from pages.panels.motion import tables
from tests.app.test_pages import texts, visit
from tests.motion_clips import moving
from tests.motion_shipped import ship_tiny

LANES = {"motion.view": "lanes", "motion.beside": "procedural"}
STRIP = {"motion.view": "denoise"}
SHOWN = [MODELS[name] for name in shipped_models()]


def asked(experiment: str, **values: object) -> dict[str, str]:
    """The part of a link that sets fields of an experiment."""
    lab = get_lab("motion")
    found = lab.experiment(experiment)
    return {field_key(lab, found, name): str(value) for name, value in values.items()}


def viewer(app: AppTest, key: str) -> dict[str, Any]:
    """What the viewer ``key`` is told, without its arrays; empty where it is not on the page."""
    for element in app.get("bidi_component"):
        data = bytes(element.proto.bytes)
        (size,) = struct.unpack_from("<I", data)
        header = json.loads(data[4 : 4 + size])
        if header["id"] == key:
            return header
    return {}


def names(app: AppTest, key: str) -> list[str]:
    return [lane["name"] for lane in viewer(app, key)["lanes"]]


@pytest.mark.usefixtures("runner_off")
def test_a_first_visit_has_a_lane_for_every_model_that_ships() -> None:
    app = visit("motion", **LANES)
    assert not app.warning
    assert names(app, "motion_lanes") == ["Invented", *SHOWN]
    assert len(viewer(app, "motion_lanes")["strips"]) == 2 * (1 + len(SHOWN))
    said = texts(app)
    assert "Asked is a turn of more than 20° to the left; how much of it" in said
    assert all(MODELS[name] in said for name in missing_models())
    assert "CC BY-NC 4.0" in said and "mocap.cs.cmu.edu" in said
    tables = [frame.value for frame in app.table]
    assert list(tables[0]["Motion"]) == ["Invented", *SHOWN]
    assert all(done.startswith("turns ") for done in tables[0]["Measured"])
    assert all(cell.endswith("%") for cell in tables[0]["Frames with a skating foot"])
    assert list(tables[1].columns) == ["Measured", "Invented", *SHOWN]
    assert "Real clips" in tables[2].columns


@pytest.mark.usefixtures("runner_off")
def test_the_goals_stand_beside_the_cards_and_a_phone_has_them_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = visit("motion", **LANES)
    verdicts = [row for table in app.table if "Verdict" in table.value for row in
                table.value["Verdict"]]  # fmt: skip
    assert verdicts and all("reached" in verdict for verdict in verdicts)
    assert all(f"{name} reaches " in texts(app) for name in SHOWN)
    monkeypatch.setattr(tables, "on_phone", lambda: True)
    narrow = visit("motion", **LANES)
    shown = [set(table.value.columns) for table in narrow.table]
    assert not any(columns & {"Verdict", *SHOWN} for columns in shown)
    assert all(f"{name}" in texts(narrow) for name in SHOWN) and "Verdict" in texts(narrow)


@pytest.mark.usefixtures("runner_off")
def test_nothing_beside_the_models_is_a_choice() -> None:
    assert names(visit("motion", **{**LANES, "motion.beside": "none"}), "motion_lanes") == SHOWN


@pytest.mark.shared
@pytest.mark.usefixtures("runner_off", "shared_data")
def test_a_recording_is_played_beside_the_models_where_there_are_recordings() -> None:
    query = {"motion.view": "lanes", "motion.beside_action": "wave-left-hand"}
    app = visit("motion", **query)
    assert names(app, "motion_lanes")[0] == "Recorded"
    assert "Recorded: wave-left-hand" in texts(app)
    app.session_state["motion.nearest"] = True
    app.run()
    assert "from the nearest training clip" in texts(app) and not app.exception


@pytest.mark.usefixtures("runner_off")
def test_words_that_no_model_knows_are_told_before_anything_is_computed() -> None:
    app = visit("motion", **LANES, **asked("lanes", text="a persn walks gracefully"))
    said = " ".join(info.value.replace("\\", "") for info in app.info)
    assert "'persn' (nearest: 'person')" in said and "'gracefully'" in said
    assert viewer(app, "motion_lanes"), "the figures of the last settings stay"


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"text": "xyzzy"}, "knows none of its words"),
        ({"seconds": "90"}, "from 2 to 20"),
        ({"seed": "-4"}, "from 0 to 1000000"),
    ],
)
def test_bad_settings_get_one_sentence_and_the_figures_stay(
    query: dict[str, str], words: str
) -> None:
    app = visit("motion", **LANES, **asked("lanes", **query))
    assert len(app.warning) == 1 and words in app.warning[0].value.replace("\\", "")
    assert viewer(app, "motion_lanes")


@pytest.mark.usefixtures("runner_off")
def test_a_text_can_be_picked_and_made_of_a_pair() -> None:
    app = visit("motion", **LANES)
    app.session_state["motion.pairs"] = True
    app.session_state["motion.pair_action"] = "dash"
    app.session_state["motion.pair_style"] = "happy"
    app.run()
    assert "held out on purpose" in texts(app)
    next(one for one in app.button if one.label.startswith("Take")).click().run()
    assert app.text_area[0].value == "a person sprints forward happily"


@pytest.mark.usefixtures("runner_off")
def test_a_file_of_the_visitor_becomes_a_lane_and_a_bad_one_a_sentence() -> None:
    app = visit("motion", **{**LANES, "motion.beside": "file"})
    good = bvh_text(Clip(moving(40))).encode()
    app.file_uploader[0].upload("mine.bvh", good, "text/plain").run()
    assert names(app, "motion_lanes")[0] == "Your clip" and not app.warning
    app.file_uploader[0].upload("broken.bvh", b"HIERARCHY\nROOT", "text/plain").run()
    assert len(app.warning) == 1 and "bvh" in app.warning[0].value.lower()
    assert names(app, "motion_lanes") == SHOWN


@pytest.mark.usefixtures("at_once")
def test_names_come_after_the_vote_and_votes_are_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ship_tiny(monkeypatch, tmp_path, "motion-mamba", "kmm")
    query = asked("lanes", seconds=2, steps=1)
    app = visit("motion", **LANES, **query, **{"motion.blind": "true"})
    app.button(key="motion.lanes#start").click().run()
    assert names(app, "motion_blind") == ["A", "B"] and not viewer(app, "motion_lanes")
    assert not any(name in texts(app) for name in ("Motion Mamba", "KMM", "skating"))
    vote = next(one for one in app.button if one.label.startswith("Vote"))
    assert vote.disabled
    for group in app.get("button_group"):
        if group.label.startswith("Which"):
            group.set_value("A" if "text" in group.label else "No difference").run()
    next(one for one in app.button if one.label.startswith("Vote and")).click().run()
    said = texts(app)
    assert "A was " in said and "B was " in said and "1 vote of yours" in said
    assert set(names(app, "motion_lanes")) == {"Invented", "Motion Mamba", "KMM"}
    voted = app.dataframe[0].value
    assert voted["Which fits the text better?"].sum() == 1
    assert voted.set_index("Motion").loc["no difference", "Which moves better?"] == 1
    next(one for one in app.button if one.label.startswith("Vote on")).click().run()
    assert app.number_input[0].value == 1


@pytest.mark.usefixtures("runner_off")
def test_the_steps_of_a_clip_are_there_at_once_and_a_step_can_be_linked() -> None:
    app = visit("motion", **STRIP, **{"motion.denoise_step": "2"})
    assert not app.warning
    assert names(app, "motion_denoise_clip") == [
        "Step 3 of 20",
        "The same step without the text",
        "Final clip",
    ]
    assert viewer(app, "motion_denoise_pose")["frames"] == 20
    said = texts(app)
    assert "the clip of step 1 is" in said and "half of all that it moves" in said
    app.slider(key="motion.denoise_step#slider").set_value(20).run()
    under = viewer(app, "motion_denoise_clip")["lanes"][0]["under"]
    assert under.startswith("0.00 m from the final clip")


@pytest.mark.usefixtures("at_once")
def test_a_masked_model_shows_its_tokens_instead_of_noise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ship_tiny(monkeypatch, tmp_path, "motion-mamba", "kmm")
    app = visit("motion", **STRIP, **asked("denoise", model="kmm", seconds=2, steps=5))
    app.button(key="motion.denoise#start").click().run()
    strips = [strip["name"] for strip in viewer(app, "motion_denoise_clip")["strips"]]
    assert strips == ["Distance to the final clip", "Tokens kept after each step"]
    assert "tokens kept" in texts(app)
    assert "of unmasking" in viewer(app, "motion_denoise_clip")["alt"]
    app.selectbox[0].set_value("transformer").run()
    assert "is not in this checkout" in app.warning[0].value.replace("\\", "")
