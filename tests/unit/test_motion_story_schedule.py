"""The scheduler: what sentences become, what is listed, what is refused."""

from __future__ import annotations

import pytest

from engine.core.errors import BadInput
from engine.labs.motion.story.lexicon import ACTIONS, travels, verb_of
from engine.labs.motion.story.places import PLAN, find_place, read_places
from engine.labs.motion.story.rows import MOST_ROWS, Row, check_row, read_table, write_table
from engine.labs.motion.story.schedule import read_story


def told(story: str) -> list[tuple[str, str, float, int]]:
    return [
        (row.text.removeprefix("a person "), row.place, row.seconds, row.times)
        for row in read_story(story).rows
    ]


@pytest.mark.parametrize(
    ("story", "rows"),
    [
        ("He walks to the door.", [("walks forward", "door", 0, 1)]),
        ("She ran to the window!", [("runs forward", "window", 0, 1)]),
        ("Wave with the left hand.", [("waves with the left hand", "", 0, 1)]),
        ("He waved goodbye.", [("waves goodbye with the right hand", "", 0, 1)]),
        ("He jumps three times.", [("jumps", "", 0, 3)]),
        ("He jumps, twice.", [("jumps", "", 0, 2)]),
        ("He dances for 5 seconds.", [("dances", "", 5, 1)]),
        ("He dances for 1.5 seconds.", [("dances", "", 1.5, 1)]),
        ("He waits for half a minute.", [("stands still", "", 30, 1)]),
        ("He takes two steps back.", [("walks backwards", "", 1.1, 1)]),
        ("He walks three metres.", [("walks forward", "", 2.5, 1)]),
        ("He walks slowly to the chair.", [("walks forward slowly", "chair", 0, 1)]),
        ("He turns right.", [("walks and turns right", "", 0, 1)]),
        ("He stands up.", [("stands up again", "", 0, 1)]),
        ("He stands still.", [("stands still", "", 2, 1)]),
        ("He performs jumping jacks 3 times.", [("performs jumping jacks", "", 0, 3)]),
        ("Walk in a circle.", [("walks forward", "circle", 0, 1)]),
        ("He sits on the chair.", [("sits down", "chair", 0, 1)]),
        ("He raises both hands.", [("raises both hands", "", 0, 1)]),
        (
            "He walks to the door and the window.",
            [("walks forward", "door", 0, 1), ("walks forward", "window", 0, 1)],
        ),
        (
            "He kicks with the left leg and the right leg.",
            [("kicks with the left leg", "", 0, 1), ("kicks with the right leg", "", 0, 1)],
        ),
        ("He jumps and again.", [("jumps", "", 0, 1), ("jumps", "", 0, 1)]),
    ],
)
def test_a_sentence_becomes_rows(story: str, rows: list[tuple[str, str, float, int]]):
    assert told(story) == rows


@pytest.mark.parametrize(
    "story",
    [
        "He bows, then he jumps.",
        "He bows and jumps.",
        "He bows before jumping.",
        "Before jumping, he bows.",
        "After bowing, he jumps.",
        "He jumps after bowing.",
        "He bows. After that he jumps.",
        "He jumps. Before that, he bows.",
    ],
)
def test_the_order_is_that_of_what_happens(story: str):
    assert [row.action for row in read_story(story).rows] == ["a person bows", "a person jumps"]


def test_pronouns_and_there_mean_the_place_that_was_named():
    rows = read_story("He walks to the table. He sits at it. Then he runs to the door.").rows
    assert [row.place for row in rows] == ["table", "table", "door"]


def test_going_back_leads_to_the_place_before():
    rows = read_story("He walks to the door. He runs to the window. He goes back.").rows
    assert [row.place for row in rows] == ["door", "window", "door"]
    assert read_story("He walks to the door. He comes back.").rows[1].place == "start"


def test_what_is_not_understood_is_listed_and_never_dropped():
    schedule = read_story("He eats an apple, walks to the garden and wlaks home. He bows.")
    assert [row.action for row in schedule.rows] == ["a person walks forward", "a person bows"]
    said = " ".join(schedule.unread)
    assert {"eats", "apple", "garden", "wlaks", "home"} <= set(said.split())
    assert schedule.near["wlaks"] == "walk"


@pytest.mark.parametrize(
    "story",
    [
        "Walk, don't run, to the door.",
        "He walks, without jumping, to the door.",
        "Walk to the door, don't run.",
    ],
)
def test_a_place_behind_a_denial_is_where_the_walk_leads(story: str) -> None:
    schedule = read_story(story)
    assert [(row.action, row.place) for row in schedule.rows] == [
        ("a person walks forward", "door")
    ]
    assert not schedule.unread


@pytest.mark.parametrize(
    "story", ["She sits. She does not walk, to the door.", "Wave, don't run, to the door."]
)
def test_a_place_behind_a_denial_leads_nobody_who_does_not_travel(story: str) -> None:
    schedule = read_story(story)
    assert [row.place for row in schedule.rows] == [""]
    assert schedule.unread == ("door",)


@pytest.mark.parametrize(
    "story",
    [
        "Before he sits down he bows.",
        "Before he sits down, he bows.",
        "Before sitting down Anna bows.",
        "Before sitting bow.",
    ],
)
def test_what_happens_before_comes_first_with_and_without_a_comma(story: str) -> None:
    actions = [row.action for row in read_story(story).rows]
    assert actions == ["a person bows", "a person sits down"]


def test_verbs_that_are_joined_stay_together_behind_before() -> None:
    rows = read_story("Before he goes to the door and sits down he bows and jumps.").rows
    assert [row.action.split()[2] for row in rows] == ["bows", "jumps", "walks", "sits"]


@pytest.mark.parametrize(
    ("story", "told"),
    [
        ("Two people wave.", "One body plays all two of them."),
        ("3 people walk to the door.", "One body plays all 3 of them."),
        ("One person waves.", None),
    ],
)
def test_how_many_act_is_no_name(story: str, told: str | None) -> None:
    schedule = read_story(story)
    assert not schedule.unread
    of_bodies = [sentence for sentence in schedule.remarks if "One body" in sentence]
    assert of_bodies == ([told] if told else [])


def test_what_is_assumed_is_said():
    said = " ".join(read_story("He waves. Ann dances for a while while Bob jumps.").remarks)
    assert "right one is taken" in said
    assert "4 seconds" in said
    assert "Two things at once" in said
    assert "Ann, Bob" in said


def test_a_story_of_ten_thousand_words_is_cut_and_says_so():
    story = "He walks to the door and bows to the window. " * 1000
    schedule = read_story(story)
    assert len(schedule.rows) == MOST_ROWS
    assert any(
        "10,000 words" in sentence and "not played" in sentence for sentence in schedule.remarks
    )


@pytest.mark.parametrize("story", ["", "   \n", "... !?", "The cat is blue."])
def test_an_empty_story_and_one_without_an_action_are_refused(story: str):
    with pytest.raises(BadInput, match=r"^story: .*(word|action)"):
        read_story(story)


def test_every_action_of_the_lexicon_is_a_caption_that_is_read_back():
    for name, action in ACTIONS.items():
        rows = read_story(action.caption.replace("a person ", "He ")).rows
        assert rows, name
        assert travels(action.caption) is action.travels


@pytest.mark.parametrize("word", ["walk", "walks", "walked", "walking", "strode", "went", "goes"])
def test_verbs_are_known_in_every_form(word: str):
    assert verb_of(word) == "walk"


def test_a_plan_of_ones_own_is_read():
    plan = read_places("tree 2 -1 0.5\n bench -1.5 2")
    assert [(one.name, one.radius) for one in plan] == [("tree", 0.5), ("bench", 0.0)]
    rows = read_story("He runs to the tree.", plan).rows
    assert rows[0].place == "tree"
    assert read_places("  \n") == PLAN
    assert find_place("desk", PLAN) == find_place("table", PLAN)


@pytest.mark.parametrize(
    "text",
    [
        "tree",
        "tree 1",
        "tree x 1",
        "tree 1 2 3 4",
        "tree 99 0",
        "tree 0 0 9",
        "tree nan 0",
        "tree 0 0 nan",
        "circle 0 0",
        "start 0 0",
        "t3 0 0",
        "a 0 0\na 1 1",
        "\n".join(f"{chr(97 + n % 26) * (1 + n // 26)} 0 0" for n in range(25)),
    ],
)
def test_bad_places_are_refused_by_their_line(text: str):
    with pytest.raises(BadInput, match=r"^places: "):
        read_places(text)


def test_a_table_survives_being_written_and_belongs_to_its_story():
    rows = (Row("a person bows", "door", 2.5, "sadly", 3, 1, "act:x@0-9"), Row("a person runs"))
    table = write_table(rows, "story")
    assert read_table(table, "story") == rows
    assert read_table(table, "another story") is None
    assert read_table("", "story") is None


@pytest.mark.parametrize(
    "table",
    [
        "{",
        "[]",
        "{}",
        '{"of": "x", "rows": []}',
        '{"of": "x", "rows": [1]}',
        '{"of": "x", "rows": [{"action": ""}]}',
        '{"of": "x", "rows": [{"action": 3}]}',
        '{"of": "x", "rows": [{"action": "a", "seconds": "2"}]}',
        '{"of": "x", "rows": [{"action": "a", "seconds": 1e9}]}',
        '{"of": "x", "rows": [{"action": "a", "seconds": NaN}]}',
        '{"of": "x", "rows": [{"action": "a", "times": 0}]}',
        '{"of": "x", "rows": [{"action": "a", "times": 1.5}]}',
        '{"of": "x", "rows": [{"action": "a", "take": -1}]}',
        '{"of": "x", "rows": [{"action": "a", "speed": 1}]}',
        '{"of": "x", "rows": [' + ",".join(['{"action": "a"}'] * 21) + "]}",
        "[" * 100_000,
    ],
)
def test_a_bad_table_is_refused(table: str):
    with pytest.raises(BadInput, match=r"^rows: "):
        read_table(table, "story")


def test_a_row_is_trimmed():
    assert check_row(Row("  a person bows ", " Door "), 1) == Row("a person bows", "door")
