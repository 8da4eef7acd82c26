"""Stories told: places are reached, rows made anew leave the others, seams are measured."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.core.context import QuietContext
from engine.core.errors import BadInput
from engine.labs.motion.config.story import StoryConfig
from engine.labs.motion.data.procedural import procedural_examples
from engine.labs.motion.evaluation.checks import measure
from engine.labs.motion.story import run as running
from engine.labs.motion.story.bank import Bank
from engine.labs.motion.story.places import PLAN, Place
from engine.labs.motion.story.rows import Row, write_table
from engine.labs.motion.story.schedule import read_story
from engine.labs.motion.story.seamed import treat_seams
from engine.labs.motion.story.sources import BankSource
from engine.labs.motion.story.tell import Teller, Told

STORY = (
    "He walks to the door and waves with the right hand. He goes to the chair, sits down for 3 "
    "seconds and runs to the window. He jumps."
)


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(procedural_examples(260))


def tell(bank: Bank, rows, *, seed: int = 0, rounds: int = 1, most: int = 1600) -> Told:
    teller = Teller(BankSource(bank, "procedural"), PLAN, seed)
    for _ in range(rounds):
        teller.go_on(rows, most)
    return teller.told()


def place(name: str) -> Place:
    return next(one for one in PLAN if one.name == name)


def test_the_body_is_where_the_story_says(bank: Bank):
    told = tell(bank, read_story(STORY).rows)
    positions = treat_seams(told, "inertial", None).positions
    assert len(positions) == told.rows + 1
    for row, name in ((0, "door"), (2, "chair"), (4, "window")):
        last = [one for one in told.segments if one.row == row and one.followed][-1]
        goal = place(name)
        gap = np.hypot(positions[last.end, 0, 0] - goal.x, positions[last.end, 0, 2] - goal.z)
        assert gap < goal.radius + 0.35 + 0.3, name
        assert last.followed is not None and last.followed.reached


def test_segments_do_what_they_say_and_cover_the_motion(bank: Bank):
    told = tell(bank, read_story(STORY).rows)
    positions = treat_seams(told, "inertial", None).positions
    ends = [0, *(one.end for one in told.segments)]
    assert [one.start for one in told.segments] == ends[:-1] and ends[-1] == told.rows
    assert {one.start for one in told.segments[1:]} <= set(told.seams)
    acts = {one.row: positions[one.start : one.end] for one in told.segments if one.kind == "act"}
    waving = measure(acts[1])
    assert waving.right_travel > waving.left_travel
    assert measure(acts[5]).feet > 0.08
    sitting = next(one for one in told.segments if "sits" in one.text)
    assert sitting.end - sitting.start == 60
    assert positions[sitting.end - 1, 0, 1] < 0.75
    fills = [one.text for one in told.segments if one.kind == "fill"]
    assert any("stands up" in text for text in fills)  # nobody runs from a chair


def test_only_the_row_that_is_made_anew_changes(bank: Bank):
    rows = read_story(STORY).rows
    first = tell(bank, rows)
    kept = [Row(**one) for one in running.rows_with_kept(rows, first)]
    changed = [replace(row, kept="", take=1) if at == 1 else row for at, row in enumerate(kept)]
    second = tell(bank, changed)

    def names(told: Told) -> dict[int, list]:
        found: dict[int, list] = {}
        for one in told.segments:
            found.setdefault(one.row, []).append(one.names)
        return found

    before, after = names(first), names(second)
    assert before[1] != after[1]
    # Acts stay exactly; a walk may end a little later or earlier, as it begins elsewhere.
    for row in (0, 3, 5):
        assert before[row] == after[row]
    assert before[2][0][0] == after[2][0][0]
    assert names(tell(bank, kept)) == before


def test_the_same_seed_gives_the_same_motion_and_another_does_not(bank: Bank):
    rows = read_story("He bows, jumps and waves.").rows
    one, again = tell(bank, rows), tell(bank, rows)
    assert all(np.array_equal(a, b) for a, b in zip(one.parts, again.parts, strict=True))
    others = [tell(bank, rows, seed=seed) for seed in range(1, 5)]
    assert any([s.names for s in one.segments] != [s.names for s in o.segments] for o in others)


def test_a_story_goes_on_with_other_clips(bank: Bank):
    rows = read_story("He jumps. He dances.").rows
    told = tell(bank, rows, rounds=4, most=10**6)
    assert [one.turn for one in told.segments] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert len({one.names for one in told.segments}) > 2


def test_the_motion_ends_where_it_must_and_says_so(bank: Bank):
    told = tell(bank, read_story("He dances for 20 seconds, jumps and bows.").rows, most=200)
    assert told.rows == 200
    assert any("10 s long and ends there" in sentence for sentence in told.remarks)


def test_what_is_not_in_the_bank_is_held_and_said(bank: Bank):
    told = tell(bank, read_story("He climbs for 3 seconds, then bows.").rows)
    assert told.segments[0].kind == "hold"
    assert told.segments[0].end == 60
    assert any("nothing like 'a person climbs'" in sentence for sentence in told.remarks)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (Row("a person walks forward", "moon"), "no place 'moon'"),
        (Row("a person walks forward", "centre"), "is at the centre already"),
        (Row("a person walks forward", "door", 0.5), "not 0.5 s"),
        (Row("a person walks forward", "door", times=3), "gone once, not 3 times"),
    ],
)
def test_what_cannot_be_done_as_asked_is_said(bank: Bank, row: Row, sentence: str):
    told = tell(bank, [row])
    assert any(sentence in one for one in told.remarks), told.remarks
    assert told.rows > 0


def test_a_manner_that_is_not_there_is_left_out_and_said(bank: Bank):
    told = tell(bank, read_story("He walks slowly to the door and bows angrily.").rows)
    assert [one.kind for one in told.segments] == ["way", "act"]
    assert told.segments[0].followed is not None and told.segments[0].followed.reached
    assert sum("is left out" in sentence for sentence in told.remarks) == 2


def test_a_longer_time_for_a_way_is_waited_for(bank: Bank):
    told = tell(bank, [Row("a person walks forward", "door", 8.0)])
    assert told.rows == pytest.approx(160, abs=1)
    assert told.segments[-1].text == "a person stands still"


def test_seconds_without_a_place_are_walked_ahead(bank: Bank):
    told = tell(bank, [Row("a person walks forward", seconds=4.0)])
    assert told.rows == 80
    assert told.segments[0].followed is not None and told.segments[0].followed.error < 0.15
    # It has no end that could be reached or missed.
    assert running.trajectory(told)["ways"] == 0


def test_seams_are_measured_for_every_method(bank: Bank):
    told = tell(bank, read_story(STORY).rows)
    cut, smooth = treat_seams(told, "cut", None), treat_seams(told, "inertial", None)
    assert set(cut.jerk) == {"cut", "inertial"}
    assert cut.jerk["inertial"].mean() < 0.5 * cut.jerk["cut"].mean()
    assert np.array_equal(cut.jerk["cut"], smooth.jerk["cut"])
    assert not np.array_equal(cut.positions, smooth.positions)
    with pytest.raises(BadInput, match=r"^blend: .*KMM"):
        treat_seams(told, "progressive", None)
    with pytest.raises(BadInput, match=r"^blend: "):
        treat_seams(told, "glue", None)


def test_the_experiment_gives_what_the_page_needs():
    config = StoryConfig(story="The robot eats. He walks to the table and bows.")
    result = running.story(config, QuietContext())
    frames = len(result.array("root"))
    assert result.array("local").shape == (frames, 21, 3)
    assert result.notes["unread"] == ["robot eats"]
    assert [row["action"] for row in result.notes["rows"]] == [
        "a person walks forward",
        "a person bows",
    ]
    assert result.notes["gamma_by"] in ("poses", "codec")
    assert len(result.array("gamma")) == -(-(frames - 1) // 4)
    assert (result.array("key_frames") < frames).all()
    assert set(result.notes["shapes"]) == {"circle", "square", "wave"}
    assert all(result.number(f"shape_error_{name}_m") < 0.2 for name in result.notes["shapes"])
    assert 0 < result.number("way_error_m") <= result.number("way_worst_m")
    size = sum(field.array.nbytes for field in result.fields.values())
    assert size < 300_000
    json.dumps(result.notes)
    again = running.story(config, QuietContext())
    assert all(np.array_equal(result.array(n), again.array(n)) for n in result.fields)


def test_an_edited_table_is_told_instead_of_the_story():
    story = "He bows."
    table = write_table([Row("a person jumps")], story)
    result = running.story(StoryConfig(story=story, rows=table), QuietContext())
    assert result.notes["edited"] and result.notes["segments"][0]["text"] == "a person jumps"
    other = running.story(StoryConfig(story="He bows twice.", rows=table), QuietContext())
    assert not other.notes["edited"]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("story", {"story": ""}),
        ("story", {"story": "The cat is blue."}),
        ("source", {"source": "kmm"}),
        ("blend", {"blend": "progressive"}),
    ],
)
def test_a_run_that_cannot_be_is_refused_before_it_starts(
    field: str, values, monkeypatch, tmp_path
):
    monkeypatch.setattr("engine.core.assets.ASSETS", tmp_path)
    config = StoryConfig.build(values)
    with pytest.raises(BadInput, match=rf"^{field}: "):
        config.fits(lambda address: b"")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("story", "x" * 100_001),
        ("source", "dreams"),
        ("blend", "glue"),
        ("rounds", 6),
        ("seed", -1),
        ("places", "tree"),
        ("turn", 10.0),
        ("texts", 0),
        ("motions", 51),
        ("rows", "{"),
    ],
)
def test_bad_settings_name_their_field(field: str, value):
    with pytest.raises(BadInput, match=rf"^{field}: "):
        StoryConfig.build({field: value})
