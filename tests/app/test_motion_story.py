"""The story view without a browser: table, one row anew, examples, bad links, nothing lost."""

from __future__ import annotations

import json

import pytest

from engine.core import Preset, get_lab
from engine.core.context import QuietContext
from engine.core.result import Result
from engine.labs.motion.config.story import EXAMPLE, StoryConfig
from engine.labs.motion.story.rows import Row, read_table, write_table
from engine.labs.motion.story.run import story
from engine.store import Store
from pages.kit.links import preset_query
from pages.panels.motion import story_ends, story_rows
from tests.app.test_pages import texts, visit

LAB = get_lab("motion")
EXPERIMENT = LAB.experiment("storyline")
PRESETS = [one for one in LAB.presets if one.experiment == "storyline"]
VIEW = {"motion.view": "storyline"}

pytestmark = pytest.mark.usefixtures("runner_off")


def keep(config: StoryConfig) -> Result:
    """The result of a config in the store, as a run leaves it."""
    result = story(config, QuietContext())
    Store.open().results.save(
        EXPERIMENT.digest(LAB.name, config), result, {"lab": "motion", "experiment": "storyline"}
    )
    return result


@pytest.fixture(autouse=True)
def default_is_there() -> Result:
    return keep(StoryConfig())


def words(app) -> str:
    return texts(app) + "\n" + "\n".join(one.value for one in app.text)


def test_the_view_shows_a_story_at_once():
    app = visit("motion", **VIEW)
    assert not app.warning and "have not been computed" not in texts(app)
    assert len(app.get("plotly_chart")) == 3
    said = words(app)
    assert "rows became" in said and "seams." in said
    assert "cannot be compared" in said and "0.249" in said


@pytest.mark.parametrize("preset", PRESETS, ids=lambda one: one.name)
def test_every_situation_opens_on_its_result(preset: Preset):
    keep(EXPERIMENT.config.build(preset.config))
    app = visit("motion", **preset_query(LAB, preset))
    assert not app.warning and "have not been computed" not in texts(app)


def test_what_was_not_understood_stands_on_the_page():
    asked = "He eats <img src=x onerror=alert(1)> and bows."
    keep(StoryConfig(story=asked))
    app = visit("motion", **VIEW, **{"motion.story": asked})
    assert "eats" in words(app) and "onerror" in words(app)
    assert not app.exception


def test_one_row_is_made_anew_and_the_others_are_kept():
    app = visit("motion", **VIEW)
    app.selectbox(key="motion.story_row#menu").set_value(1).run()
    app.button(key="motion.story_row#anew").click().run()
    rows = read_table(app.session_state["motion.rows"], EXAMPLE)
    assert rows is not None
    assert [row.take for row in rows] == [0, 1, *[0] * (len(rows) - 2)]
    assert not rows[1].kept
    assert all(row.kept for at, row in enumerate(rows) if at != 1)
    # The link has the table at once, and nobody is told of a setting that he never saw.
    assert app.session_state["motion.rows"] in app.query_params["motion.rows"]
    said = words(app)
    assert "for the previous settings" in said and "table empty" not in said
    # With the result there, the page tells what is new in it.
    keep(StoryConfig(rows=app.session_state["motion.rows"]))
    app.run()
    assert "segments are those that were shown before; new: " in words(app)
    app.button(key="motion.story#reset").click().run()
    assert app.session_state["motion.rows"] == ""
    assert "motion.rows" not in app.query_params


def end_field(app):
    (field,) = [one for one in app.number_input if one.label == "Ends at (s)"]
    return field


def test_the_end_of_a_segment_is_moved_by_its_number_and_the_others_are_kept():
    app = visit("motion", **VIEW)
    app.selectbox(key="motion.story_row#menu").set_value(3).run()
    assert app.selectbox(key="motion.story#segment").value == 3
    before = end_field(app).value
    end_field(app).set_value(before + 1.5).run()
    rows = read_table(app.session_state["motion.rows"], EXAMPLE)
    assert rows is not None and rows[3].seconds == 4.5 and not rows[3].kept
    assert all(row.kept for at, row in enumerate(rows) if at != 3)
    # The segments on the page are not those asked for until the new ones are there.
    assert not [one for one in app.number_input if one.label == "Ends at (s)"]
    keep(StoryConfig(rows=app.session_state["motion.rows"]))
    app.run()
    assert end_field(app).value == pytest.approx(before + 1.5)
    assert "new: 4." in words(app) and not app.exception


def test_a_segment_that_is_chosen_chooses_its_row_and_an_end_out_of_range_is_said():
    app = visit("motion", **VIEW)
    menu = app.selectbox(key="motion.story#segment")
    last = next(at for at, name in enumerate(menu.options) if "bows" in name)
    menu.select_index(last).run()
    assert app.session_state["motion.story_row"] == 8
    found = keep(StoryConfig())
    config, refused = StoryConfig(), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(story_ends.st, "session_state", refused)
        story_ends.move(LAB, EXPERIMENT, config, found, 0, 40)
    assert "segment 1 lasts as long as its way takes" in refused[story_ends.REFUSED]
    assert refused[story_ends.REFUSALS] == 1  # the field of the end gets another name


def test_the_table_of_a_link_is_shown():
    rows = write_table([Row("a person bows"), Row("a person jumps", times=2)], EXAMPLE)
    keep(StoryConfig(rows=rows))
    app = visit("motion", **VIEW, **{"motion.rows": rows})
    assert not app.warning and "2 rows became" in words(app)
    assert "motion.rows" in app.query_params


def test_going_on_adds_a_round_and_keeps_the_first():
    app = visit("motion", **VIEW)
    app.button(key="motion.story#go_on").click().run()
    assert app.session_state["motion.rounds"] == 2
    rows = read_table(app.session_state["motion.rows"], EXAMPLE)
    assert rows is not None and all(row.kept for row in rows)


def test_an_example_replaces_the_story_and_its_table():
    app = visit("motion", **VIEW)
    app.button(key="motion.story_row#anew").click().run()
    app.selectbox(key="motion.story#example").set_value("Exercise").run()
    assert "jumping jacks" in app.session_state["motion.story"]
    assert app.session_state["motion.rows"] == ""
    assert not app.exception


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("story", ""),
        ("story", "The cat is blue."),
        ("source", "dreams"),
        ("blend", "glue"),
        ("rounds", "99"),
        ("seed", "-1"),
        ("turn", "x"),
        ("places", "tree"),
        ("rows", "{"),
        ("rows", json.dumps({"of": "x", "rows": [{"action": "a", "times": 0}]})),
        ("story_row", "99"),
        ("story_row", "x"),
    ],
)
def test_a_bad_link_leaves_the_figures(name: str, value: str):
    app = visit("motion", **VIEW, **{f"motion.{name}": value})
    assert len(app.get("plotly_chart")) == 3
    assert not app.exception


def test_an_empty_story_is_one_sentence_and_the_motion_stays():
    app = visit("motion", **VIEW)
    app.text_area(key="motion.story").set_value("   ").run()
    assert any("at least one word" in one.value for one in app.warning)
    assert len(app.get("plotly_chart")) == 3


KEPT = [Row("a person bows", kept="act:a@0-9"), Row("a person jumps", kept="act:b@0-9")]


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        (
            {"edited_rows": {0: {"Seconds": 3, "Place": "door"}}},
            [Row("a person bows", "door", 3.0), KEPT[1]],
        ),
        ({"edited_rows": {1: {"Times": None, "Manner": None}}}, [KEPT[0], Row("a person jumps")]),
        ({"edited_rows": {0: {"Place": "here"}}}, [Row("a person bows"), KEPT[1]]),
        ({"deleted_rows": [0]}, [KEPT[1]]),
        (
            {"added_rows": [{"Action": "a person runs", "Times": 2}, {"Place": "door"}]},
            [*KEPT, Row("a person runs", times=2)],
        ),
    ],
)
def test_an_edit_of_the_table_changes_its_rows_and_no_other(change, rows: list[Row]):
    assert story_rows.edited_rows(KEPT, change) == rows


def test_what_was_played_is_kept_for_rows_that_did_not_change():
    result = story(StoryConfig(), QuietContext())
    played = [Row(**row) for row in result.notes["rows"]]
    asked = [played[0], Row("a person bows", seconds=9.0), *played[2:]]
    bare = [Row(**{**vars(row), "kept": ""}) for row in asked]
    kept = story_rows.kept_rows(bare, result)
    assert kept[0].kept == played[0].kept and not kept[1].kept
    assert read_table(write_table(kept, "s"), "s") == tuple(kept)
    assert story_rows.kept_rows(bare, None) == bare
