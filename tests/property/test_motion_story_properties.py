"""Properties of stories: whatever is written, nothing is lost, nothing breaks, ways stay free."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.errors import BadInput
from engine.labs.motion.story.clauses import clauses_of, tokens_of
from engine.labs.motion.story.lexicon import NOTHING, PRONOUNS
from engine.labs.motion.story.places import Place
from engine.labs.motion.story.rows import (
    MOST_ROWS,
    MOST_SECONDS,
    MOST_TIMES,
    Row,
    check_rows,
    read_table,
    write_table,
)
from engine.labs.motion.story.schedule import read_story
from engine.labs.motion.story.seams import POSE, inertialise
from engine.labs.motion.story.ways import BODY, plan_way

PARTS = st.sampled_from(
    ["he", "walks", "to the door", "and", "then", ",", ".", "after", "before", "that", "jumps",
     "three times", "for 5 seconds", "left", "the blorp", "waves", "while", "a while", "it",
     "back", "two steps", "in a circle", "again", "sadly", "frobs", "sits", "9999 times",
     "does not", "without", "stopping", "instead of", "nor", "-3 seconds", "3,5 seconds",
     "two and a half", "seconds", "1e400 minutes", "one hundred", "0 times"]
)  # fmt: skip


@given(st.lists(PARTS, min_size=1, max_size=30).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_rows_are_in_range_and_strange_words_are_listed(story: str):
    try:
        schedule = read_story(story)
    except BadInput as error:
        assert error.field == "story"
        return
    assert check_rows(schedule.rows) == schedule.rows and len(schedule.rows) <= MOST_ROWS
    assert all(0 <= row.seconds <= MOST_SECONDS for row in schedule.rows)
    assert all(1 <= row.times <= MOST_TIMES for row in schedule.rows)
    told = " ".join(schedule.unread) + " ".join(schedule.remarks)
    for strange in ("blorp", "frobs"):
        # Unless the strange word stands where whoever acts is named, or behind the cut.
        if strange in story and f"{strange} " not in story and len(schedule.rows) < MOST_ROWS:
            assert strange in told


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_or_refused(story: str):
    try:
        read_story(story)
    except BadInput as error:
        assert error.field == "story"


@given(st.lists(PARTS, min_size=1, max_size=20).map(" ".join))
def test_every_word_is_in_one_clause_or_joins_them(story: str):
    tokens = tokens_of(story)
    inside = [token.at for clause in clauses_of(tokens) for token in clause.tokens]
    assert len(inside) == len(set(inside))
    joints = {"then", "and", "after", "before", "that", "while"}
    missing = {t.word for t in tokens if t.is_word and t.at not in inside}
    assert missing <= joints
    assert not NOTHING & {"walk", "door"} and not PRONOUNS & {"walk"}


@given(
    st.lists(
        st.builds(
            Row,
            st.text("abc dé<\"'", min_size=1).filter(str.strip).map(str.strip),
            st.sampled_from(["", "door", "circle"]),
            st.floats(0, MOST_SECONDS),
            st.sampled_from(["", "sadly"]),
            st.integers(1, MOST_TIMES),
            st.integers(0, 99),
            st.sampled_from(["", "act:a@0-9|way:b@1-2"]),
        ),
        min_size=1,
        max_size=MOST_ROWS,
    ),
    st.text(max_size=20),
)
def test_a_table_comes_back_as_it_was_written(rows: list[Row], story: str):
    assert read_table(write_table(rows, story), story) == tuple(rows)


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_a_way_between_free_points_is_free(seed: int):
    draw = np.random.default_rng(seed)
    obstacles = [Place(f"o{n}", *draw.uniform(-3, 3, 2), draw.uniform(0.1, 0.6)) for n in range(4)]

    def free(point: np.ndarray, margin: float) -> bool:
        return all(np.hypot(o.x - point[0], o.z - point[1]) >= o.radius + margin for o in obstacles)

    start, end = draw.uniform(-4, 4, (2, 2))
    if not (free(start, BODY + 0.1) and free(end, BODY + 0.1)):
        return
    way = plan_way(start, Place("goal", *end), obstacles)
    assert np.allclose(way[0], start) and np.allclose(way[-1], end)
    steps = np.hypot(*np.diff(way, axis=0).T)
    assert steps.max() <= 0.051
    # Where obstacles close all gaps there is no free way; elsewhere it is free.
    straight = len(way) == int(np.ceil(np.hypot(*(end - start)) / 0.05)) + 1
    assert straight or all(free(point, BODY - 1e-6) for point in way)


@given(st.integers(0, 10**6), st.integers(2, 40), st.integers(2, 40))
@settings(max_examples=40, deadline=None)
def test_a_seam_goes_on_in_place_and_speed(seed: int, first: int, second: int):
    draw = np.random.default_rng(seed)
    one, other = draw.normal(size=(first, 137)), draw.normal(size=(second, 137))
    before, after = inertialise([one, other])
    assert np.array_equal(before, one)
    speed = one[-1, POSE] - one[-2, POSE]
    assert np.allclose(after[0, POSE], one[-1, POSE] + speed)
    outside = [at for at in range(137) if not POSE.start <= at < POSE.stop]
    assert np.array_equal(after[:, outside], other[:, outside])
    assert np.allclose(after[12:], other[12:])
