"""Numbers, lengths and denials in stories: read right, or said."""

from __future__ import annotations

import pytest

from engine.core.errors import BadInput
from engine.labs.motion.story.clauses import tokens_of
from engine.labs.motion.story.schedule import read_story


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("3 seconds", 3),
        ("+3 seconds", 3),
        ("5s", 5),
        (".5 seconds", 0.5),
        ("3,5 seconds", 3.5),
        ("0,500 seconds", 0.5),
        ("2e1 seconds", 20),
        ("two and a half seconds", 2.5),
        ("2 and a half seconds", 2.5),
        ("2½ seconds", 2.5),
        ("2 1/2 seconds", 2.5),
        ("1/2 second", 0.5),
        ("half a second", 0.5),
        ("a quarter of a second", 0.25),
        ("half a minute", 30),
        ("twenty seconds", 20),
        ("twenty-five seconds", 25),
        ("forty two seconds", 42),
        ("a couple of seconds", 2),
        ("a minute", 60),
    ],
)
def test_a_length_is_read_in_figures_and_words(words: str, seconds: float):
    schedule = read_story(f"He walks for {words}. He bows.")
    assert [row.seconds for row in schedule.rows] == [pytest.approx(seconds), 0]
    assert schedule.unread == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("one hundred and twenty", 120),
        ("a hundred", 100),
        ("2 hundred", 200),
        ("1,234,567.5", 1_234_567.5),
        ("-1,5", -1.5),
        ("−3", -3),
        ("ninety-nine", 99),
        ("1 minute and 30 seconds", 90),
        ("2 hours, 5 minutes", 125),
    ],
)
def test_a_number_of_several_words_is_one(text: str, value: float):
    assert tokens_of(text)[0].value == pytest.approx(value)


@pytest.mark.parametrize("text", ["1.2.3", "1,2,3", "1/0", "9e999", "3-4", "nan", "infinity", "²"])
def test_what_is_no_number_stays_as_it_was_written(text: str):
    tokens = tokens_of(text)
    assert "".join(token.said for token in tokens) == text
    assert [token.value for token in tokens] in ([None], [3, None, 4])


@pytest.mark.parametrize(
    ("story", "seconds", "times", "says"),
    [
        ("He walks for -3 seconds.", 0, 1, "'-3 seconds' cannot be: the usual length is taken."),
        ("He walks for - 3 seconds.", 0, 1, "'- 3 seconds' cannot be"),
        ("He walks for 0 seconds.", 0, 1, "'0 seconds' cannot be"),
        ("He walks for zero seconds.", 0, 1, "'zero seconds' cannot be"),
        ("He walks for 0.01 seconds.", 0, 1, "'0.01 seconds' cannot be"),
        ("He walks 0 steps.", 0, 1, "'0 steps' cannot be"),
        ("He walks -5 metres.", 0, 1, "'-5 metres' cannot be"),
        ("He walks for 1e9 seconds.", 60, 1, "A row lasts 60 seconds at most."),
        ("He walks for 1,000 seconds.", 60, 1, "A row lasts 60 seconds at most."),
        ("He walks for an hour.", 60, 1, "A row lasts 60 seconds at most."),
        ("He walks for 1 minute and 30 seconds.", 60, 1, "A row lasts 60 seconds at most."),
        ("He walks for 3,5 seconds.", 3.5, 1, "'3,5' is read as 3.5."),
        ("He walks for 1,000 seconds.", 60, 1, "'1,000' is read as 1000."),
        ("He jumps 0 times.", 0, 1, "'0 times' cannot be: it is done once."),
        ("He jumps -2 times.", 0, 1, "'-2 times' cannot be: it is done once."),
        ("He jumps 1,000 times.", 0, 20, "A row is repeated 20 times at most."),
        ("He jumps 2.5 times.", 0, 2, "'2.5 times' is taken as 2."),
    ],
)
def test_a_number_that_cannot_be_is_said(story: str, seconds: float, times: int, says: str):
    schedule = read_story(story)
    assert [(row.seconds, row.times) for row in schedule.rows] == [(seconds, times)]
    assert any(says in sentence for sentence in schedule.remarks)


def test_a_second_time_is_no_second():
    schedule = read_story("He jumps a second time.")
    assert (schedule.rows[0].seconds, schedule.unread) == (0, ("second time",))


def test_a_number_of_many_digits_is_not_repeated_whole():
    (remark,) = read_story(f"He walks for 0.{'0' * 50_000}1 seconds.").remarks
    assert len(remark) < 120 and "cannot be" in remark
    for long in ("9" * 99_000 + " times", "brightly" * 12_000):
        (phrase,) = read_story(f"He jumps {long}.").unread
        assert len(phrase) == 200 and phrase.endswith("…")


@pytest.mark.parametrize(
    ("words", "unread"),
    [("1.2.3 seconds", "1.2.3 seconds"), ("3-4 seconds", "3"), ("9e999 seconds", "9e999 seconds"),
     ("two thousand seconds", "two thousand seconds"), ("nan seconds", "nan seconds")],
)  # fmt: skip
def test_a_number_that_is_not_understood_is_listed(words: str, unread: str):
    assert read_story(f"He walks for {words}.").unread == (unread,)


@pytest.mark.parametrize(
    ("story", "actions", "denied"),
    [
        ("He does not walk but runs.", ["runs forward"], "'not walk'"),
        ("He doesn't walk. He bows.", ["bows"], "'doesn't walk'"),
        ("He doesn’t walk. He bows.", ["bows"], "'doesn't walk'"),
        ("He never jumps and bows.", ["bows"], "'never jumps'"),
        ("He walks without stopping.", ["walks forward"], "'without stopping'"),
        ("He walks instead of running.", ["walks forward"], "'instead of running'"),
        ("He walks rather than runs.", ["walks forward"], "'rather than runs'"),
        ("He does not stop walking.", ["walks forward"], "'not stop'"),
        ("He stops walking.", ["stands still"], "'walking'"),
        ("He cannot walk or jump. He bows.", ["bows"], "'cannot walk', 'or jump'"),
        ("Nobody walks. No one jumps. He bows.", ["bows"], "'Nobody walks', 'No one jumps'"),
        ("No jumping, just bow.", ["bows"], "'No jumping'"),
    ],
)
def test_what_is_denied_is_not_played_and_said(story: str, actions: list[str], denied: str):
    schedule = read_story(story)
    assert [row.action.removeprefix("a person ") for row in schedule.rows] == actions
    assert schedule.remarks == (f"What is not done is not played: {denied}.",)
    assert schedule.unread == ()


def test_a_story_of_denials_alone_is_refused():
    with pytest.raises(BadInput, match=r"^story: holds only .*'not walk', 'nor jumps'"):
        read_story("He does not walk nor jumps.")


def test_what_follows_a_denial_tells_nothing_of_the_action_before_it():
    schedule = read_story("He bows to the door. He does not walk to the window, three times.")
    assert [(row.place, row.times) for row in schedule.rows] == [("door", 1)]
    assert schedule.unread == ("three times",)


def test_not_only_is_no_denial_and_a_denied_manner_is_listed():
    schedule = read_story("He not only walks but also jumps. He runs, not quickly.")
    assert [row.text.split()[2] for row in schedule.rows] == ["walks", "jumps", "runs"]
    assert schedule.unread == ("not", "not quickly")


def test_who_refuses_to_walk_is_not_called_so():
    assert read_story("He refuses to walk.").unread == ("refuses",)
